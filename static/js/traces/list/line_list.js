/**
 * A long list of lines of one height: only what is in view is in the page. A treegrid for those who listen to it; the
 * focus stays on the list and `aria-activedescendant` names the line.
 *
 * @typedef {import('./lines.js').Line} Line
 */
import { rowFor } from './row.js';

const BEYOND = 12; // lines kept above and below what is in view

export class LineList {
  /** @type {Line[]} */
  lines = [];
  /** Places by key. @type {Map<string, number>} */
  index = new Map();
  /** Rows in the page by key. @type {Map<string, HTMLElement>} */
  rows = new Map();
  /** The key of the line one is at. */
  current = '';
  height = 30;
  /** @type {number|undefined} */
  timeWidth = undefined;
  frame = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} grid inside of it
   * @param {object} actions
   * @param {() => any} actions.view
   * @param {(line: Line) => void} actions.onOpen
   * @param {(line: Line, open: boolean) => void} actions.onToggle
   * @param {(act: string, line: Line) => void} actions.onAct
   * @param {(line: Line) => void} actions.onMove
   * @param {(line: Line|undefined) => void} actions.onTop which line is the first in view
   */
  constructor(scroller, grid, actions) {
    this.scroller = scroller;
    this.grid = grid;
    this.actions = actions;
    scroller.addEventListener('scroll', () => this.#paintSoon(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(grid.parentElement);
    grid.addEventListener('click', (event) => this.#clicked(event));
    grid.addEventListener('keydown', (event) => this.#key(event));
    this.#measure();
  }

  /** Shows other lines; the line on top of the view stays where it is. @param {Line[]} lines */
  show(lines) {
    const top = Math.floor(this.scroller.scrollTop / this.height);
    const anchor = this.scroller.scrollTop > 0 ? this.lines[top]?.key : undefined;
    this.lines = lines;
    this.index = new Map(lines.map((line, index) => [line.key, index]));
    this.grid.setAttribute('aria-rowcount', String(lines.length));
    this.grid.style.height = `${lines.length * this.height}px`;
    const at = anchor === undefined ? undefined : this.index.get(anchor);
    if (at !== undefined && at !== top) this.scroller.scrollTop += (at - top) * this.height;
    this.paint(true);
  }

  get currentLine() {
    return this.lineOf(this.current);
  }

  /** @param {string} key @returns {Line|undefined} */
  lineOf(key) {
    return this.lines[this.index.get(key) ?? -1];
  }

  /** Goes to a line and brings it into view. @param {string} key @param {'nearest'|'middle'} [where] @returns {boolean} whether it is there */
  goTo(key, where = 'nearest') {
    const at = this.index.get(key);
    if (at === undefined) return false;
    this.current = key;
    const { clientHeight, scrollTop } = this.scroller;
    const [top, bottom] = [at * this.height, (at + 1) * this.height];
    if (where === 'middle') this.scroller.scrollTop = Math.max(0, top - clientHeight / 3);
    else if (top < scrollTop) this.scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight;
    this.paint();
    return true;
  }

  #measure() {
    const height = Number.parseFloat(getComputedStyle(this.grid).getPropertyValue('--line-height')) || 30;
    const timeWidth = this.rows.size ? [...this.rows.values()][0].querySelector('.time')?.clientWidth : 0;
    // An axis has as many marks as its width has room for.
    if (height === this.height && timeWidth === this.timeWidth) return this.#paintSoon();
    this.height = height;
    this.timeWidth = timeWidth;
    this.grid.style.height = `${this.lines.length * height}px`;
    this.paint(true);
  }

  #paintSoon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** @param {boolean} [afresh] build the rows anew, for what they say may have changed */
  paint(afresh = false) {
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - BEYOND);
    const last = Math.min(this.lines.length, Math.ceil((scrollTop + clientHeight) / this.height) + BEYOND);
    const view = this.actions.view();
    const kept = new Set();
    for (let index = first; index < last; index += 1) {
      const line = this.lines[index];
      kept.add(line.key);
      this.#place(line, index, view, afresh);
    }
    for (const [key, row] of this.rows) {
      if (kept.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    this.#showCurrent();
    this.actions.onTop(this.lines[Math.floor(scrollTop / this.height)]);
  }

  #place(line, index, view, afresh) {
    let row = this.rows.get(line.key);
    if (!row || afresh) {
      const fresh = rowFor(line, view);
      if (!row) this.grid.append(fresh);
      else if (row.isEqualNode(stripped(fresh, row))) return this.#move(row, index);
      else row.replaceWith(fresh);
      row = fresh;
      this.rows.set(line.key, row);
    }
    this.#move(row, index);
  }

  #move(row, index) {
    row.style.transform = `translateY(${index * this.height}px)`;
    row.setAttribute('aria-rowindex', String(index + 1));
  }

  #showCurrent() {
    for (const [key, row] of this.rows) {
      const isCurrent = key === this.current;
      if (row.classList.contains('current') !== isCurrent) row.classList.toggle('current', isCurrent);
      if (isCurrent) this.grid.setAttribute('aria-activedescendant', row.id);
    }
    if (!this.rows.has(this.current)) this.grid.removeAttribute('aria-activedescendant');
  }

  #clicked(event) {
    const row = event.target.closest('.trace-line');
    const line = row && this.lines[this.index.get(row.dataset.key)];
    if (!line) return;
    const act = event.target.closest('[data-act]')?.dataset.act;
    if (act) return this.actions.onAct(act, line);
    if (line.kind === 'axis' || line.kind === 'note') return;
    this.current = line.key;
    this.#showCurrent();
    const toggles = line.open !== undefined && (line.kind === 'turn' || event.target.closest('[data-toggle]'));
    if (toggles) this.actions.onToggle(line, !line.open);
    else this.actions.onOpen(line);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.grid) return;
    const line = this.currentLine;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.height) - 2);
    const actions = {
      ArrowDown: () => this.step(1),
      ArrowUp: () => this.step(-1),
      PageDown: () => this.step(page),
      PageUp: () => this.step(-page),
      Home: () => this.step(-Infinity),
      End: () => this.step(Infinity),
      ArrowRight: () => line?.open === false && this.actions.onToggle(line, true),
      ArrowLeft: () => this.#leave(line),
      Enter: () => this.#enter(line),
      ' ': () => this.#enter(line),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }

  #enter(line) {
    if (!line) return;
    if (line.kind === 'more') this.actions.onAct('more', line);
    else if (line.kind === 'turn' && line.open !== undefined) this.actions.onToggle(line, !line.open);
    else this.actions.onOpen(line);
  }

  /** Closes what is open, or goes to what holds the line. */
  #leave(line) {
    if (!line) return;
    if (line.open) return this.actions.onToggle(line, false);
    const at = this.index.get(line.key);
    const holder = this.lines.slice(0, at).findLast((one) => one.level < line.level && one.kind !== 'axis');
    if (holder) this.#moveTo(holder);
  }

  /** @param {number} by lines; those that say nothing are passed over */
  step(by) {
    const at = this.index.get(this.current) ?? (by > 0 ? -1 : this.lines.length);
    const direction = Math.sign(by);
    let to = Math.min(this.lines.length - 1, Math.max(0, at + by));
    while (['axis', 'note'].includes(this.lines[to]?.kind)) to += direction;
    if (this.lines[to]) this.#moveTo(this.lines[to]);
  }

  #moveTo(line) {
    this.goTo(line.key);
    this.actions.onMove(line);
  }
}

/** The fresh row with what only the list sets on it, so that two equal ones compare as equal. */
function stripped(fresh, row) {
  fresh.style.transform = row.style.transform;
  if (row.hasAttribute('aria-rowindex')) fresh.setAttribute('aria-rowindex', row.getAttribute('aria-rowindex'));
  if (row.classList.contains('current')) fresh.classList.add('current');
  return fresh;
}
