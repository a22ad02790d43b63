/** The way back from the last restore, in one click. */
import { find, setText } from '../ui/dom.js';
import { counted } from '../ui/format.js';
import { call } from '../ui/server.js';
import { nameOf } from './place_labels.js';

export class UndoBar {
  /** What an undo left alone, told when it is done. */
  note = '';
  /** @type {any} */
  head = null;

  /** @param {HTMLElement} element @param {{chat: () => {id: string}, done: () => void}} page */
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.words = find(element, '[data-undo-words]');
    this.button = find(element, 'button');
    this.button.addEventListener('click', () => this.#undo());
  }

  /** @param {any} head where the conversation stands */
  show(head) {
    const isRestore = head?.kind === 'restore' && head.undo;
    this.head = isRestore ? head : null;
    this.element.hidden = !isRestore;
    if (!isRestore) return;
    setText(this.words, this.note || `${nameOf(head)}.`);
    setText(this.button, head.of === 'undo' ? 'Redo' : 'Undo');
    this.button.disabled = false;
    this.note = '';
  }

  async #undo() {
    this.button.disabled = true;
    try {
      const { kept } = await call('POST', `/api/chats/${this.page.chat().id}/restorations`, {
        checkpoint: this.head.undo,
        scope: this.head.scope,
      });
      this.note = kept.length
        ? `${counted(kept.length, 'file')} changed since, so left alone: ${kept.slice(0, 3).join(', ')}${kept.length > 3 ? '…' : ''}`
        : '';
      this.page.done();
    } catch (error) {
      setText(this.words, error.message);
      this.button.disabled = false;
    }
  }
}
