/** The timeline beside the chat. What it needs is loaded when it is opened first. */
import { closest, find, setText } from '../ui/dom.js';
import { call } from '../ui/server.js';

const SETTLE_MS = 300;

const loadRail = () => import('./timeline_rail.js');

export class Timeline {
  storageKey = '';
  /** @type {import('./timeline_rail.js').Rail|null} */
  rail = null;
  /** @type {any} */
  timer = 0;
  /** Counts the questions, so that a late answer to an earlier one is known. */
  asked = 0;

  /**
   * @param {HTMLElement} element
   * @param {object} page
   * @param {() => {id: string}} page.chat
   * @param {(chatId: string, messageId: string) => void} page.showMessage
   * @param {HTMLElement} page.reader scrolls the conversation
   */
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.status = find(element, '[data-timeline-status]');
    this.link = find(element, '[data-panel-page]');
    // Whatever in the page names a file so leads to its history.
    document.addEventListener('click', (event) => {
      const button = closest(event, '[data-file-history]');
      if (button) this.#history(button.dataset.fileHistory);
    });
  }

  /** Shows the chat that the page shows. */
  async show() {
    const chat = this.page.chat();
    if (this.link) this.link.href = `/chats/${chat.id}/timeline`;
    const asked = ++this.asked;
    try {
      const [places, { Rail }] = await Promise.all([call('GET', `/api/chats/${chat.id}/timeline`), loadRail()]);
      if (asked !== this.asked) return; // a later question was asked meanwhile
      this.rail ??= new Rail(this.element, {
        ...this.page,
        isOpen: () => !this.element.hidden,
        again: () => this.#showAgain(),
      });
      this.rail.paint(places);
    } catch (error) {
      setText(this.status, error.message);
    }
  }

  #showAgain() {
    if (!this.element.hidden) this.show();
  }

  focus() {
    this.rail?.focus();
  }

  hidden() {
    this.rail?.preview.hide();
  }

  /** @param {import('../stream/reducer.js').Changes} changes */
  render({ milestones, workspace, outdated }) {
    if (this.element.hidden || !(milestones.size || workspace.size || outdated.all)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#showAgain(), SETTLE_MS);
  }

  /** @param {string} path */
  async #history(path) {
    const { showHistory } = await import('./history.js');
    showHistory(this.page.chat().id, path, () => this.#showAgain());
  }
}
