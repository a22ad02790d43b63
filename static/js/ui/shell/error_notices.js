/**
 * What went wrong at the server and belongs to no message that the page shows: named calmly over the message field, until
 * the person has read it.
 *
 * @typedef {{error: string, reason: string|null, chat_id: string|null, message_id: string|null}} Problem
 */
import { h, icon } from '../dom.js';
import { visible } from '../plain_text.js';

const MOST = 3;

/**
 * The words of each problem that no message tells, each once. Pure.
 * @param {Problem[]} problems @param {{messages: {has: (id: string) => boolean}, chats: Map<string, {name: string}>}} state @param {string} chatId
 * @returns {string[]}
 */
export function noticeTexts(problems, { messages, chats }, chatId) {
  const untold = problems.filter(({ message_id }) => !message_id || !messages.has(message_id));
  const texts = untold.map(({ error, chat_id }) => {
    const name = chat_id && chat_id !== chatId && (chats.get(chat_id)?.name || 'Another chat');
    return visible(name ? `${name}: ${error}` : error);
  });
  return [...new Set(texts)];
}

export class ErrorNotices {
  /** @param {HTMLElement} element a live region */
  constructor(element) {
    this.element = element;
  }

  /** @param {string[]} texts those that are there already move to the end */
  add(texts) {
    for (const text of texts) {
      for (const notice of [...this.element.children]) if (notice.getAttribute('data-text') === text) notice.remove();
      this.element.append(this.#notice(text));
    }
    while (this.element.children.length > MOST) this.element.firstElementChild?.remove();
  }

  /** @param {string} text */
  #notice(text) {
    const dismiss = h(
      'button.quiet.icon-only',
      { type: 'button', 'aria-label': 'Dismiss', title: 'Dismiss', onclick: () => notice.remove() },
      icon('cross'),
    );
    const notice = h('div.parcel', { 'data-text': text }, icon('alert'), h('span.text', {}, text), dismiss);
    return notice;
  }
}
