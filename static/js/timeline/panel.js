/** The timeline beside the chat: a rail of its turns, each a place to scroll to and to come back to. */
import { setText } from '../ui/dom.js';
import { call } from '../ui/rest.js';
import { entryRow } from './entry.js';
import { askRestore } from './restore.js';

const SETTLE_MS = 300;
const TELLING = new Set(['agent_status_updated', 'messages_deleted', 'build_result', 'compacted', 'snapshot', 'workspace_changed']);

export class Timeline {
  /** @param {HTMLElement} element @param {{chat: () => {id: string}, showMessage: (chatId: string, messageId: string) => void, reader: HTMLElement}} page */
  constructor(element, page) {
    Object.assign(this, { element, page });
    this.list = element.querySelector('[data-places]');
    this.status = element.querySelector('[data-timeline-status]');
    this.green = element.querySelector('[data-last-green]');
    this.link = element.querySelector('[data-timeline-page]');
    this.places = [];
    this.timer = 0;
    this.asked = 0;
    for (const button of document.querySelectorAll('[data-timeline-toggle]')) button.addEventListener('click', () => this.toggle());
    this.green.addEventListener('click', () => this.#restore(this.places.find((place) => place.last_green)));
    page.reader.addEventListener('scroll', () => this.#markSoon(), { passive: true });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  toggle() {
    const opens = !this.isOpen;
    this.element.hidden = !opens;
    for (const button of document.querySelectorAll('.head [data-timeline-toggle]')) button.setAttribute('aria-expanded', String(opens));
    if (opens) return this.show().then(() => this.list.querySelector('button')?.focus());
    document.querySelector('.head [data-timeline-toggle]')?.focus();
    return Promise.resolve();
  }

  /** Shows the chat that the page shows. */
  async show() {
    const chat = this.page.chat();
    if (this.link) this.link.href = `/chats/${chat.id}/timeline`;
    if (!this.isOpen) return;
    const asked = ++this.asked;
    try {
      const places = await call('GET', `/api/chats/${chat.id}/timeline`);
      if (asked !== this.asked) return; // a later question was asked meanwhile
      this.places = places;
      this.#paint();
    } catch (error) {
      setText(this.status, error.message);
    }
  }

  /** @param {import('../wire.js').Frame[]} frames */
  receive(frames) {
    if (!this.isOpen || !frames.some((frame) => TELLING.has(frame.type))) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), SETTLE_MS);
  }

  #paint() {
    const chat = this.page.chat();
    const on = {
      go: (place) => place.message_id && this.page.showMessage(chat.id, place.message_id),
      restore: (place) => this.#restore(place),
    };
    this.list.replaceChildren(...this.places.map((place) => entryRow(place, on)));
    const turns = this.places.filter((place) => place.kind === 'turn').length;
    setText(this.status, turns ? '' : 'Nothing happened in this chat yet. Each turn will be a place to come back to: chat and files.');
    this.green.hidden = !this.places.some((place) => place.last_green && !place.head);
    this.#mark();
  }

  #restore(place) {
    askRestore(this.page.chat().id, place, () => this.show());
  }

  #markSoon() {
    if (!this.isOpen || this.marking) return;
    this.marking = requestAnimationFrame(() => {
      this.marking = 0;
      this.#mark();
    });
  }

  /** Marks the turn that is being read: the last one that begins above the middle of the reader. */
  #mark() {
    const middle = this.page.reader.getBoundingClientRect().top + this.page.reader.clientHeight / 2;
    let current = null;
    for (const [index, row] of [...this.list.children].entries()) {
      row.removeAttribute('aria-current');
      const id = this.places[index]?.message_id;
      const message = id && document.querySelector(`[data-message="${CSS.escape(id)}"]`);
      if (message && message.getBoundingClientRect().top <= middle) current = row;
    }
    current?.setAttribute('aria-current', 'true');
  }
}
