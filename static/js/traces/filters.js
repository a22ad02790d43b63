/**
 * What is looked for, and its place in the address.
 *
 * @typedef {{tool: string, status: string, q: string, min_ms: string, sort: string}} Filter empty strings where nothing is chosen
 */
import { find } from '../ui/dom.js';
import { oneLine } from '../ui/plain_text.js';

export const NAMES = ['tool', 'status', 'q', 'min_ms', 'sort'];
export const NONE = { tool: '', status: '', q: '', min_ms: '', sort: 'newest' };
export const FLAT = new Set(['slowest', 'context']);

/** @param {string} search of an address @returns {Filter} */
export function fromAddress(search) {
  const given = new URLSearchParams(search);
  return Object.assign(
    { ...NONE },
    Object.fromEntries(NAMES.filter((name) => given.get(name)).map((name) => [name, given.get(name)])),
  );
}

/** The address with this filter, all else in it kept. @param {Filter} filter @param {string} href */
export function toAddress(filter, href) {
  const url = new URL(href);
  for (const name of NAMES) {
    if (filter[name] && filter[name] !== NONE[name]) url.searchParams.set(name, filter[name]);
    else url.searchParams.delete(name);
  }
  return url.href;
}

/** Whether calls are looked for, instead of turns being shown. @param {Filter} filter */
export const narrows = (filter) =>
  Boolean(filter.tool || filter.status || filter.q || filter.min_ms) || FLAT.has(filter.sort);

/** What the API is asked for. @param {Filter} filter @param {string} chatId */
export function question(filter, chatId) {
  const asked = new URLSearchParams({ limit: filter.sort === 'context' ? '1000' : '500' });
  for (const name of ['tool', 'status', 'q']) if (filter[name]) asked.set(name, filter[name]);
  const ms = Number.parseFloat(filter.min_ms);
  if (ms > 0) asked.set('min_ms', String(Math.min(ms, 1e12)));
  if (filter.sort !== 'newest' && filter.sort !== 'context') asked.set('sort', filter.sort);
  return `/api/chats/${chatId}/outline?${asked}`;
}

/** Whether a call that just came belongs to what is shown. @param {Filter} filter @param {import('../stream/trace_store.js').Call} call */
export function matches(filter, call) {
  if (filter.tool && call.tool !== filter.tool) return false;
  if (filter.status && call.status !== filter.status) return false;
  if (filter.min_ms && !((call.duration_ms ?? 0) >= Number.parseFloat(filter.min_ms))) return false;
  if (!filter.q) return true;
  const words = `${call.tool} ${oneLine(call.input, 2000)} ${call.last_line ?? ''}`.toLowerCase();
  return words.includes(filter.q.toLowerCase());
}

/** The form over the list. */
export class FilterForm {
  /** @type {any} */
  timer = null;

  /** @param {HTMLFormElement} form @param {(filter: Filter) => void} onChange */
  constructor(form, onChange) {
    /** By name. @type {any} */
    this.fields = form.elements;
    this.form = form;
    this.onChange = onChange;
    this.clear = find(form, '[data-clear]');
    form.addEventListener('input', (event) =>
      this.#changed(
        /** @type {any} */ (event.target).type === 'search' || /** @type {any} */ (event.target).type === 'number',
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#changed(false);
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      /** @type {any} */ (document.activeElement).blur();
      form.dispatchEvent(new CustomEvent('left', { bubbles: true }));
    });
    this.clear.addEventListener('click', () => {
      this.show({ ...NONE, sort: this.value.sort });
      this.#changed(false);
      this.focus();
    });
  }

  /** @returns {Filter} */
  get value() {
    return Object.assign({ ...NONE }, Object.fromEntries(new FormData(this.form)));
  }

  /** @param {Filter} filter */
  show(filter) {
    for (const name of NAMES) {
      const field = this.fields[name];
      if (
        field.tagName === 'SELECT' &&
        filter[name] &&
        ![...field.options].some((option) => option.value === filter[name])
      )
        field.append(new Option(filter[name], filter[name]));
      field.value = filter[name];
    }
    this.#showClear();
  }

  /** Tools that were seen are there to choose. @param {Iterable<string>} tools */
  offerTools(tools) {
    const field = this.fields.tool;
    const known = new Set([...field.options].map((option) => option.value));
    for (const tool of tools) if (!known.has(tool)) field.append(new Option(tool, tool));
  }

  focus() {
    this.fields.q.focus();
    this.fields.q.select();
  }

  #showClear() {
    this.clear.hidden = !narrows({ ...this.value, sort: 'newest' });
  }

  #changed(isTyping) {
    this.#showClear();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.onChange(this.value), isTyping ? 250 : 0);
  }
}
