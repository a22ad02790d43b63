/** The traces beside the chat. What it needs is loaded when it is opened first. */
import { byId, find } from '../ui/dom.js';
import { call } from '../ui/server.js';

export class TracePanel {
  storageKey = 'boocode.traces';
  /** @type {import('./viewer.js').Viewer|null} */
  viewer = null;
  isLive = false;
  /** The chat that the viewer shows. */
  chatId = '';

  /**
   * @param {HTMLElement} element
   * @param {object} page
   * @param {string} page.sessionId
   * @param {import('../stream/trace_store.js').TraceStore} page.store
   * @param {() => {id: string, name: string}} page.chat
   * @param {(chatId: string, messageId: string) => void} page.showMessage
   */
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.link = find(element, '[data-panel-page]');
  }

  /** Shows the chat that the page shows. */
  async show() {
    const viewer = await this.#load();
    const chat = this.page.chat();
    this.link.href = `/chats/${chat.id}/traces`;
    if (this.chatId === chat.id) return;
    this.chatId = chat.id;
    await viewer.setChats([chat]);
  }

  async #load() {
    const { Viewer } = await import('./viewer.js');
    this.viewer ??= new Viewer(byId('viewer'), {
      store: this.page.store,
      chatLink: (turn, messageId) => this.#chatLink(turn, messageId),
    });
    this.viewer.isLive = this.isLive;
    return this.viewer;
  }

  /** While it is closed too, so that it is true when it opens again. @param {import('../stream/reducer.js').Changes} changes */
  render(changes) {
    this.viewer?.render(changes);
  }

  /** Without a connection nobody knows how long something has run. @param {boolean} isLive */
  showLive(isLive) {
    this.isLive = isLive;
    if (this.viewer) this.viewer.isLive = isLive;
  }

  focus() {
    this.viewer?.list.grid.focus();
  }

  hidden() {}

  /** Goes to the line of a call; the panel is open. @param {{id: string, turn: string}} trace */
  async showCall(trace) {
    const viewer = await this.#load();
    const turn = this.page.store.get(trace.turn) ?? (await call('GET', `/api/turns/${trace.turn}`));
    viewer.showCall({ turn, call: trace.id });
  }

  /** @param {{chat_id: string}} turn @param {string} messageId */
  #chatLink(turn, messageId) {
    return {
      href: `/sessions/${this.page.sessionId}?chat=${turn.chat_id}#message-${messageId}`,
      onclick: (/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.page.showMessage(turn.chat_id, messageId);
      },
    };
  }
}
