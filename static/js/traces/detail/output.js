/**
 * A call's output: numbered lines in colour, of which only those in view are in the page, with a search. What the trace
 * holds (what the model saw) is there at once; the whole as it was captured comes on demand, by lines.
 */
import { copyButton, h, icon, setText } from '../../ui/dom.js';
import { counted, tokens } from '../../ui/format.js';
import { request } from '../../ui/server.js';
import { bareText, cleanLine, coloured } from './ansi.js';

const LINE_PX = 20;
const BEYOND = 20;
const BLOCK = 2000;
const LINE_CHARS = 2000; // of a line that are drawn
const VIEW_LINES = 28;

export class OutputView {
  /** @param {{id: string, output: string, output_bytes: number, truncated: boolean}} trace */
  constructor(trace) {
    this.trace = trace;
    this.isWhole = false;
    /** Clean lines; holes are not loaded yet. @type {string[]} */
    this.lines = linesOf(trace.output);
    this.count = this.lines.length;
    this.matches = [];
    this.at = -1;
    this.asked = new Map();
    this.#build();
  }

  #build() {
    this.inner = h('div.out-inner');
    this.scroller = h('div.out', { tabindex: '0', role: 'region', 'aria-label': 'Output, numbered lines' }, this.inner);
    this.scroller.addEventListener('scroll', () => this.paint(), { passive: true });
    this.found = h('span.found', { role: 'status' });
    this.field = h('input.input', {
      type: 'search',
      placeholder: 'Search the output',
      'aria-label': 'Search the output',
      maxlength: '200',
    });
    this.field.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#search(), 150);
    });
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.next(event.shiftKey ? -1 : 1);
    });
    this.problem = h('p.problem', { role: 'alert', hidden: true });
    const arrow = (label, by, name) =>
      h(
        `button.quiet.icon-only.${name}`,
        { type: 'button', 'aria-label': label, title: label, onclick: () => this.next(by) },
        icon('down'),
      );
    const arrows = [arrow('Previous match', -1, 'up'), arrow('Next match', 1, 'down')];
    this.arrows = h('span.row', { hidden: true }, ...arrows);
    const head = h(
      'div.out-head',
      {},
      h('h3', {}, 'Output'),
      this.field,
      this.found,
      this.arrows,
      copyButton(() => this.lines.map((line) => bareText(line ?? '')).join('\n')),
    );
    this.note = h('p.fine.out-note');
    this.element = h('section.output', {}, head, this.scroller, this.note, this.problem);
    this.#showNote();
    requestAnimationFrame(() => this.paint());
  }

  #showNote() {
    const { trace } = this;
    const size = trace.output_bytes ? `${tokens(trace.output_bytes)} bytes` : '';
    const isPart = !this.isWhole && (trace.truncated || trace.output_bytes > new Blob([trace.output]).size);
    const raw = h(
      'a',
      { href: `/api/traces/${trace.id}/output`, target: '_blank', rel: 'noopener' },
      'as it was captured',
    );
    const words = isPart
      ? 'This is what the model saw. '
      : this.count
        ? `${counted(this.count, 'line')}, ${size} `
        : 'It said nothing. ';
    const all =
      isPart && h('button.button.small', { type: 'button', onclick: () => this.showAll() }, `Show all (${size})`);
    this.note.replaceChildren(words, ...[all, this.count > 0 && raw].filter(Boolean));
    this.scroller.hidden = this.count === 0;
    this.scroller.style.height = `${Math.min(this.count, VIEW_LINES) * LINE_PX + 14}px`;
    this.inner.style.height = `${this.count * LINE_PX}px`;
    this.digits = String(this.count).length;
    this.inner.style.setProperty('--digits', String(this.digits));
  }

  /** The whole output; its lines are fetched as they come into view. */
  async showAll() {
    try {
      const first = await this.#fetch(0);
      this.isWhole = true;
      this.lines = [];
      this.count = first.total;
      this.#put(0, first.lines);
      this.#showNote();
      this.scroller.scrollTop = 0;
      this.paint();
      if (this.field.value) await this.#search();
    } catch (error) {
      this.#complain(error);
    }
  }

  async #fetch(block) {
    const answer = await request(
      'GET',
      `/api/traces/${this.trace.id}/output?from_line=${block * BLOCK + 1}&lines=${BLOCK}`,
    );
    if (!answer.ok)
      throw new Error((await answer.json().catch(() => null))?.detail ?? `The server answered ${answer.status}.`);
    return { lines: linesOf(await answer.text()), total: Number(answer.headers.get('X-Output-Lines') ?? 0) };
  }

  #put(block, lines) {
    lines.forEach((line, index) => {
      this.lines[block * BLOCK + index] = line;
    });
  }

  /** @param {number} block @returns {Promise<void>} */
  #need(block) {
    if (this.lines[block * BLOCK] !== undefined || !this.isWhole) return Promise.resolve();
    if (!this.asked.has(block)) {
      const asked = this.#fetch(block)
        .then(({ lines }) => this.#put(block, lines))
        .catch((error) => this.#complain(error))
        .finally(() => {
          this.asked.delete(block);
          this.paint();
        });
      this.asked.set(block, asked);
    }
    return this.asked.get(block);
  }

  #complain(error) {
    this.problem.textContent = error.message;
    this.problem.hidden = false;
  }

  paint() {
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / LINE_PX) - BEYOND);
    const last = Math.min(
      this.count,
      Math.ceil((scrollTop + (clientHeight || VIEW_LINES * LINE_PX)) / LINE_PX) + BEYOND,
    );
    const rows = [];
    for (let index = first; index < last; index += 1) {
      if (this.lines[index] === undefined) this.#need(Math.floor(index / BLOCK));
      rows.push(this.#row(index));
    }
    this.inner.replaceChildren(...rows);
  }

  #row(index) {
    const clean = this.lines[index] ?? '…';
    const text = h('span.text');
    for (const { text: words, classes } of coloured(clean.slice(0, LINE_CHARS)))
      text.append(classes ? h('span', { class: classes }, words) : words);
    if (clean.length > LINE_CHARS)
      text.append(h('span.faint', {}, ` … ${counted(clean.length - LINE_CHARS, 'more character')}`));
    const row = h('div.out-line', {}, h('span.out-number', { 'aria-hidden': 'true' }, String(index + 1)), text);
    row.style.transform = `translateY(${index * LINE_PX}px)`;
    if (this.isMatch?.has(index)) row.classList.add('match');
    if (this.matches[this.at] === index) row.classList.add('here');
    return row;
  }

  async #search() {
    const wanted = this.field.value.toLowerCase();
    this.matches = [];
    this.at = -1;
    if (wanted) {
      if (this.isWhole) for (let block = 0; block * BLOCK < this.count; block += 1) await this.#need(block);
      if (this.field.value.toLowerCase() !== wanted) return;
      this.lines.forEach((line, index) => bareText(line).toLowerCase().includes(wanted) && this.matches.push(index));
    }
    this.isMatch = new Set(this.matches);
    this.arrows.hidden = this.matches.length < 2;
    setText(this.found, wanted && !this.matches.length ? 'not found' : '');
    this.next(1);
  }

  /** @param {number} by */
  next(by) {
    const count = this.matches.length;
    if (count) {
      this.at = (this.at + by + count) % count;
      setText(this.found, `${this.at + 1} of ${count}, line ${this.matches[this.at] + 1}`);
      const top = this.matches[this.at] * LINE_PX;
      if (top < this.scroller.scrollTop || top > this.scroller.scrollTop + this.scroller.clientHeight - LINE_PX)
        this.scroller.scrollTop = top - this.scroller.clientHeight / 2;
    }
    this.paint();
    // The box scrolls within a page that scrolls as well.
    this.inner.querySelector('.here')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
}

function linesOf(text) {
  if (!text) return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(cleanLine);
}
