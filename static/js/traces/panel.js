/** The traces beside the chat. What it needs is loaded when it is opened first. */
import { byId } from '../ui/dom.js';
import { call } from '../ui/rest.js';

const OPEN = 'boocode.traces';
const NARROW = '(max-width: 68rem)';

export class TracePanel {
  /** @param {HTMLElement} element @param {{sessionId: string, chat: () => {id: string, name: string}, showMessage: (chatId: string, messageId: string) => void, makeRoom: () => void}} page */
  constructor(element, page) {
    Object.assign(this, { element, page });
    this.viewer = null;
    this.link = element.querySelector('[data-panel-page]');
    for (const button of document.querySelectorAll('[data-panel-toggle]')) button.addEventListener('click', () => this.toggle());
    if (remembered() && !matchMedia(NARROW).matches) this.open();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  toggle() {
    if (!this.isOpen) return this.open().then(() => this.viewer.list.grid.focus());
    this.close();
    return Promise.resolve(document.querySelector('.head [data-panel-toggle]')?.focus());
  }

  close() {
    if (this.isOpen) this.#setOpen(false);
  }

  async open() {
    this.page.makeRoom();
    this.#setOpen(true);
    if (!this.viewer) {
      const { Viewer } = await import('./viewer.js');
      this.viewer ??= new Viewer(byId('viewer'), { chats: [], chatLink: (turn, messageId) => this.#chatLink(turn, messageId) });
    }
    await this.show();
  }

  #setOpen(isOpen) {
    this.element.hidden = !isOpen;
    for (const button of document.querySelectorAll('.head [data-panel-toggle]')) button.setAttribute('aria-expanded', String(isOpen));
    try {
      localStorage.setItem(OPEN, isOpen ? 'open' : '');
    } catch {
      // remembered for this page only
    }
  }

  /** Shows the chat that the page shows. */
  async show() {
    const chat = this.page.chat();
    this.link.href = `/chats/${chat.id}/traces`;
    if (!this.viewer || !this.isOpen || this.viewer.chats.has(chat.id)) return;
    await this.viewer.setChats([chat]);
  }

  /** @param {import('../wire.js').Frame[]} frames */
  receive(frames) {
    this.viewer?.receive(frames);
  }

  /** From a tool call in the chat to its line here. @param {{id: string, turn: string}} trace */
  async showCall(trace) {
    await this.open();
    const turn = this.viewer.book.turns.get(trace.turn) ?? (await call('GET', `/api/turns/${trace.turn}`));
    this.viewer.showCall({ turn, call: trace.id });
  }

  #chatLink(turn, messageId) {
    return {
      href: `/sessions/${this.page.sessionId}?chat=${turn.chat_id}#message-${messageId}`,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        if (matchMedia(NARROW).matches) this.close();
        this.page.showMessage(turn.chat_id, messageId);
      },
    };
  }
}

function remembered() {
  try {
    return localStorage.getItem(OPEN) === 'open';
  } catch {
    return false;
  }
}
