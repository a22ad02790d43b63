/** The agent's list of what is to be done: inside its call, and over the message field for as long as it is worked on. */
import { h, icon, setText } from '../dom.js';
import { visible } from '../plain_text.js';

const WORDS = { done: 'Done', doing: 'In work', open: 'Open' };

/** @param {{text: string, state: string}[]} items */
export function todoList(items) {
  return h(
    'ul.todo-items',
    {},
    ...items.map(({ text, state }) =>
      h(`li.${state in WORDS ? state : 'open'}`, {}, sign(state), h('span', {}, visible(String(text ?? '')))),
    ),
  );
}

function sign(state) {
  return h('span.sign', { role: 'img', 'aria-label': WORDS[state] ?? WORDS.open }, state === 'done' && icon('check'));
}

export class TodoPanel {
  /** @param {HTMLDetailsElement} element */
  constructor(element) {
    this.element = element;
    this.count = h('span');
    this.now = h('span.what');
    element.append(h('summary', {}, icon('list'), this.count, this.now));
  }

  /** @param {{text: string, state: string}[]|undefined} items a list of which all is done is not shown */
  show(items) {
    const done = (items ?? []).filter((item) => item.state === 'done').length;
    this.element.hidden = !items?.length || done === items.length;
    if (items === this.items || this.element.hidden) return;
    this.items = items;
    setText(this.count, `${done} of ${items.length} done`);
    setText(
      this.now,
      visible(
        (items.find((item) => item.state === 'doing') ?? items.find((item) => item.state !== 'done'))?.text ?? '',
      ),
    );
    this.list?.remove();
    this.element.append((this.list = todoList(items)));
  }
}
