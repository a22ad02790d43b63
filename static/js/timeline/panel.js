/** The timeline beside the chat. What it needs is loaded when it is opened first. */
import { setText } from '../ui/dom.js';
import { call } from '../ui/rest.js';

const SETTLE_MS = 300;
const TELLING = new Set(['agent_status_updated', 'messages_deleted', 'build_result', 'compacted', 'snapshot', 'workspace_changed']);

const loadRail = () => import('./rail.js');

export class Timeline {
  /** @param {HTMLElement} element @param {{chat: () => {id: string}, showMessage: (chatId: string, messageId: string) => void, reader: HTMLElement, makeRoom: () => void}} page */
  constructor(element, page) {
    Object.assign(this, { element, page });
    this.status = element.querySelector('[data-timeline-status]');
    this.link = element.querySelector('[data-timeline-page]');
    this.rail = null;
    this.timer = 0;
    this.asked = 0;
    for (const button of document.querySelectorAll('[data-timeline-toggle]')) button.addEventListener('click', () => this.toggle());
    // Whatever in the page names a file so leads to its history.
    document.addEventListener('click', (event) => {
      const button = event.target.closest('[data-file-history]');
      if (button) this.#history(button.dataset.fileHistory);
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  async toggle() {
    if (this.isOpen) {
      this.close();
      return document.querySelector('.head [data-timeline-toggle]')?.focus();
    }
    this.page.makeRoom();
    this.#setOpen(true);
    await this.show();
    this.rail?.focus();
  }

  close() {
    this.#setOpen(false);
  }

  #setOpen(isOpen) {
    this.element.hidden = !isOpen;
    this.rail?.preview.hide();
    for (const button of document.querySelectorAll('.head [data-timeline-toggle]')) button.setAttribute('aria-expanded', String(isOpen));
  }

  /** Shows the chat that the page shows. */
  async show() {
    const chat = this.page.chat();
    if (this.link) this.link.href = `/chats/${chat.id}/timeline`;
    if (!this.isOpen) return;
    const asked = ++this.asked;
    try {
      const [places, { Rail }] = await Promise.all([call('GET', `/api/chats/${chat.id}/timeline`), loadRail()]);
      if (asked !== this.asked) return; // a later question was asked meanwhile
      this.rail ??= new Rail(this.element, { ...this.page, isOpen: () => this.isOpen, close: () => this.link && this.toggle(), again: () => this.show() });
      this.rail.paint(places);
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

  async #history(path) {
    const { showHistory } = await import('./history.js');
    showHistory(this.page.chat().id, path, () => this.show());
  }
}
