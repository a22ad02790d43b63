/**
 * Where the person writes. Each chat keeps its draft, over reloads too; a message leaves the field for the outbox, and is
 * shown there until the server has it.
 */
import { find, h, icon, setText } from '../dom.js';
import { oneLine } from '../plain_text.js';
import { recall, remember } from '../shell/shell.js';

const DRAFT = 'boocode.draft.';

export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {{send: (text: string) => void, cancel: () => void, isRunning: () => boolean, question: () => import('../calls/approval.js').Approval|undefined}} actions
   *   `question`: where the agent's question is answered, while there is one
   */
  constructor(form, actions) {
    this.form = form;
    this.field = find(form, 'textarea');
    this.button = find(form, '.send');
    this.hint = find(form, '.hint');
    this.usual = [...this.hint.childNodes];
    this.actions = actions;
    this.chatId = '';
    form.addEventListener('submit', (event) => this.#submitted(event));
    this.field.addEventListener('input', () => this.#changed());
    this.field.addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** @param {string} chatId @param {string} [suggestion] for a chat without a draft */
  show(chatId, suggestion = '') {
    this.chatId = chatId;
    this.field.value = recall(DRAFT + chatId) ?? suggestion;
    this.#changed();
  }

  /** Puts a text back, in front of what was written meanwhile. @param {string} text */
  putBack(text) {
    this.field.value = this.field.value.trim() ? `${text}\n\n${this.field.value}` : text;
    this.#changed();
    this.focus();
  }

  focus() {
    this.field.focus();
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }

  /** Renews what depends on whether a turn runs. */
  refresh() {
    const running = this.actions.isRunning();
    setText(find(this.button, 'span'), running ? 'Queue' : 'Send');
    this.button.title = running ? 'Sent now, worked on when this turn has ended' : '';
    const asks = Boolean(this.actions.question());
    if (asks === this.asks) return;
    this.asks = asks;
    this.hint.replaceChildren(
      ...(asks ? [h('kbd', {}, '↑'), ' to the agent’s question, ', h('kbd', {}, 'Esc'), ' stops'] : this.usual),
    );
  }

  #submitted(event) {
    event.preventDefault();
    const text = this.field.value;
    if (!text.trim()) return;
    this.field.value = '';
    this.#changed();
    this.actions.send(text);
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return; // Enter then belongs to the input method
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (event.key === 'ArrowUp' && !this.field.value && this.actions.question()) {
      event.preventDefault();
      this.actions.question()?.focus({ isOwnWish: true });
    } else if (event.key === 'Escape' && this.actions.isRunning()) {
      event.preventDefault();
      this.actions.cancel();
    }
  }

  #changed() {
    this.button.disabled = !this.field.value.trim();
    remember(DRAFT + this.chatId, this.field.value);
    if (CSS.supports('field-sizing', 'content')) return;
    this.field.style.height = 'auto';
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}

/** The messages that the server does not have yet. */
export class UnsentList {
  /** @type {any} */
  timer = null;

  /** @param {HTMLElement} element @param {{retry: (id: string) => void, takeBack: (id: string) => void}} actions */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
  }

  /** @param {import('../../stream/outbox.js').Entry[]} entries */
  show(entries) {
    // One that is on its way for the first time will be here in a moment; only trouble is worth a line at once.
    clearTimeout(this.timer);
    const shown = entries.filter((entry) => entry.attempts > 0 || entry.state === 'failed');
    const fresh = entries.length > shown.length;
    this.element.replaceChildren(...shown.map((entry) => this.#parcel(entry)));
    if (fresh)
      this.timer = setTimeout(() => this.element.replaceChildren(...entries.map((entry) => this.#parcel(entry))), 400);
  }

  #parcel(entry) {
    const failed = entry.state === 'failed';
    const words = failed
      ? `Not sent. ${entry.reason ?? ''}`
      : entry.attempts
        ? 'Not sent yet; tried again when the server is back'
        : 'Sending';
    const button = (text, action) =>
      h('button.quiet', { type: 'button', onclick: () => action(entry.request_id) }, text);
    return h(
      `div.parcel${failed ? '.failed' : ''}`,
      { role: failed ? 'alert' : 'status' },
      failed ? icon('alert') : h('span.spinner', { 'aria-hidden': 'true' }),
      h('span.text', { dir: 'auto', title: entry.content }, oneLine(entry.content, 200)),
      h('span.why', {}, words.trim()),
      entry.attempts || failed ? button('Try again', this.actions.retry) : null,
      entry.attempts || failed ? button('Edit', this.actions.takeBack) : null,
    );
  }
}
