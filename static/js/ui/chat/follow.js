/** Keeps the end of the conversation in view until the reader scrolls up, and again from when they are back there. */

const NEAR_PX = 32;

export class Follow {
  following = true;
  /** Where the reader was. */
  top = 0;

  /** @param {HTMLElement} reader scrolls @param {HTMLElement} column grows @param {HTMLElement} jump "jump to latest" */
  constructor(reader, column, jump) {
    this.reader = reader;
    this.jump = jump;
    reader.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    jump.addEventListener('click', () => this.toEnd());
    const observer = new ResizeObserver(() => this.settle());
    observer.observe(column);
    observer.observe(reader);
  }

  get #isAtEnd() {
    return this.reader.scrollHeight - this.reader.clientHeight - this.reader.scrollTop < NEAR_PX;
  }

  #scrolled() {
    const { scrollTop } = this.reader;
    if (this.#isAtEnd) this.following = true;
    else if (scrollTop < this.top) this.following = false;
    this.top = scrollTop;
    this.#showJump();
  }

  /** After something changed its size. */
  settle() {
    if (this.following) {
      this.reader.scrollTop = this.reader.scrollHeight;
      this.top = this.reader.scrollTop;
    }
    this.#showJump();
  }

  /** The reader looks at something: what comes does not move it away. */
  pause() {
    this.following = false;
    requestAnimationFrame(() => this.#scrolled());
  }

  toEnd() {
    this.following = true;
    this.settle();
    // Parts that were never shown get their real height only now.
    requestAnimationFrame(() => this.settle());
  }

  #showJump() {
    this.jump.hidden = this.following || this.#isAtEnd;
  }
}
