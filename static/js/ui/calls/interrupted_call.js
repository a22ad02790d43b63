/** Under a call that was cut off and may have run: what changed since it began, and what the person makes of it. */
import { h, icon } from '../dom.js';
import { counted } from '../format.js';
import { visible } from '../plain_text.js';
import { call } from '../server.js';

const LISTED = 8;
const DECIDED = { again: 'You had it run again.', skip: 'You let it be.' };

export class InterruptedCall {
  /** @param {string} traceId */
  constructor(traceId) {
    this.address = `/api/traces/${traceId}/aftermath`;
    this.element = h('div.asking.aftermath', { role: 'group', 'aria-label': 'This call may have run', hidden: true });
    // Asked once it is seen, for the answer takes a look at the files.
    this.seen = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#look());
    this.marker = h('div', { 'aria-hidden': 'true' });
    this.seen.observe(this.marker);
  }

  async #look() {
    this.seen.disconnect();
    try {
      this.#show(await call('GET', this.address));
    } catch (error) {
      this.#fill(
        h('p', {}, icon('alert'), h('span', {}, error.message)),
        h('div.row', {}, h('button.button', { type: 'button', onclick: () => this.#look() }, 'Look again')),
      );
    }
  }

  #show(told) {
    this.element.classList.toggle('decided', Boolean(told.decision));
    if (!told.may_have_run) return this.#fill();
    if (told.decision) return this.#fill(h('p', {}, icon('check'), h('span', {}, DECIDED[told.decision])));
    this.again = this.#button('Run again', 'again');
    this.skip = this.#button('Skip', 'skip');
    this.#fill(
      h(
        'p',
        {},
        icon('alert'),
        h(
          'span.why',
          {},
          'The server stopped while this ran. It may have run, in whole or in part; the agent was told so, and it is not repeated by itself.',
        ),
      ),
      ...changes(told),
      h('div.row', {}, this.again, this.skip, h('span.fine', {}, 'Run again asks the agent to, in a turn of its own.')),
    );
  }

  #fill(...parts) {
    this.element.replaceChildren(...parts);
    this.element.hidden = !parts.length;
  }

  #button(words, decision) {
    return h('button.button', { type: 'button', onclick: () => this.#decide(decision) }, words);
  }

  /** Whoever decided first, here or in another tab: what holds is shown. */
  async #decide(decision) {
    this.again.disabled = this.skip.disabled = true;
    try {
      await call('POST', this.address, { decision });
    } catch (error) {
      if (!error.answer) {
        this.again.disabled = this.skip.disabled = false;
        this.element.append(h('p.problem', { role: 'alert' }, error.message));
        return;
      }
    }
    this.#look();
  }
}

function changes({ files, note }) {
  if (!files) return [h('p.fine', {}, visible(note))];
  if (!files.length) return [h('p', {}, 'No file of the folder changed since it began.')];
  const lines = files
    .slice(0, LISTED)
    .map((file) => h('li', {}, h('span.path', {}, visible(file.path)), h('span.fine', {}, file.status)));
  const more = files.length > LISTED ? [h('li.fine', {}, `… and ${counted(files.length - LISTED, 'more file')}`)] : [];
  return [h('p', {}, 'Changed in the folder since it began:'), h('ul.since', {}, ...lines, ...more)];
}
