/** The chats of a session as tabs; a single one needs none. */
import { find, findAll, h } from '../dom.js';

export class ChatTabs {
  /** @param {HTMLElement} element @param {(chatId: string) => void} onSelect */
  constructor(element, onSelect) {
    this.element = element;
    this.onSelect = onSelect;
    element.addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** @param {import('../../stream/reducer.js').Chat[]} chats @param {string} selected */
  show(chats, selected) {
    this.element.hidden = chats.length < 2;
    const focused = this.element.contains(document.activeElement);
    this.element.replaceChildren(...chats.map((chat, index) => this.#tab(chat, index, chat.id === selected)));
    if (focused) find(this.element, '[aria-selected="true"]')?.focus();
  }

  #tab(chat, index, isSelected) {
    return h(
      'button.tab',
      {
        type: 'button',
        role: 'tab',
        'aria-selected': String(isSelected),
        'aria-controls': 'transcript',
        tabindex: isSelected ? '0' : '-1',
        onclick: () => this.onSelect(chat.id),
      },
      h(`span.dot.${chat.status}`, { role: 'img', 'aria-label': chat.status }),
      h('span.name', {}, chat.name || `Chat ${index + 1}`),
    );
  }

  /** Arrows move between tabs, as the ARIA pattern has it. */
  #pressed(event) {
    const tabs = findAll(this.element, '[role="tab"]');
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const place = tabs.indexOf(document.activeElement);
    if (!step || place < 0) return;
    event.preventDefault();
    tabs[(place + step + tabs.length) % tabs.length].click();
  }
}
