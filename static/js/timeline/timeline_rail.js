/** The places of a chat as a rail: to look at, to scroll to, and to come back to. */
import { byId, find, setText } from '../ui/dom.js';
import { entryRow } from './entry.js';
import { toggleFiles } from './files.js';
import { Preview } from './preview.js';
import { sectionInView } from './scroll_position.js';
import { askRestore } from './restore.js';
import { UndoBar } from './undo.js';

export class Rail {
  /** Oldest first. @type {any[]} */
  places = [];
  /** By place. @type {Map<string, {told: string, row: HTMLElement}>} */
  rows = new Map();
  /** The place whose turn is being read. @type {HTMLElement|null} */
  current = null;
  marking = 0;

  /**
   * @param {HTMLElement} element
   * @param {object} page
   * @param {() => {id: string}} page.chat
   * @param {(chatId: string, messageId: string) => void} page.showMessage
   * @param {HTMLElement} page.reader
   * @param {() => boolean} page.isOpen
   * @param {() => void} page.again asks for the places anew
   */
  constructor(element, page) {
    this.page = page;
    this.list = find(element, '[data-places]');
    this.status = find(element, '[data-timeline-status]');
    this.green = find(element, '[data-last-green]');
    this.sections = byId('transcript')?.getElementsByClassName('turn') ?? [];
    this.preview = new Preview(this.list, (row) => this.places[[...this.list.children].indexOf(row)]);
    this.undo = new UndoBar(find(element, '[data-undo]'), { chat: page.chat, done: page.again });
    this.green.addEventListener('click', () => this.#restore(this.places.find((place) => place.last_green)));
    this.list.addEventListener('keydown', (event) => this.#step(event));
    page.reader.addEventListener('scroll', () => this.#markSoon(), { passive: true });
  }

  focus() {
    (this.list.querySelector('[aria-current] button') ?? this.list.querySelector('button'))?.focus();
  }

  /** @param {any[]} places oldest first */
  paint(places) {
    this.places = places;
    const on = {
      go: (place) => this.#go(place),
      restore: (place) => this.#restore(place),
      files: (place, row) => toggleFiles(this.page.chat().id, place, row),
    };
    this.#arrange(places.map((place) => this.#row(place, on)));
    const hasTurns = places.some((place) => place.kind === 'turn');
    setText(
      this.status,
      hasTurns ? '' : 'Nothing happened in this chat yet. Each turn will be a place to come back to: chat and files.',
    );
    this.green.hidden = !places.some((place) => place.last_green && !place.head);
    this.undo.show(places.find((place) => place.head && !places.at(-1).running));
    this.#mark();
  }

  /** Up and down go from place to place: there may be a thousand to tab through. */
  #step(event) {
    const row = event.target.closest('.place');
    const next = { ArrowUp: row?.previousElementSibling, ArrowDown: row?.nextElementSibling }[event.key];
    if (!next) return;
    event.preventDefault();
    next.querySelector('.place-go').focus();
  }

  /** A place that is told as before keeps its row, and with it the reader's focus and what they opened. */
  #row(place, on) {
    const told = JSON.stringify(place);
    const known = this.rows.get(place.id);
    if (known?.told === told) return known.row;
    const row = entryRow(place, on);
    this.rows.set(place.id, { told, row });
    return row;
  }

  #arrange(rows) {
    let next = this.list.firstElementChild;
    for (const row of rows) {
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
    const wanted = new Set(rows);
    for (const row of [...this.list.children]) if (!wanted.has(row)) row.remove();
  }

  /** What is no part of the chat now can't be scrolled to: the way to it is a restore. */
  #go(place) {
    if (place.taken_back) return this.#restore(place);
    if (!place.message_id) return;
    this.page.showMessage(this.page.chat().id, place.message_id);
  }

  #restore(place) {
    askRestore(this.page.chat().id, { place }, this.page.again);
  }

  #markSoon() {
    if (!this.page.isOpen() || this.marking) return;
    this.marking = requestAnimationFrame(() => {
      this.marking = 0;
      this.#mark();
    });
  }

  /** Marks the turn that is being read. */
  #mark() {
    const section = /** @type {any} */ (sectionInView(this.page.reader, this.sections));
    const row = section && this.list.querySelector(`[data-turn="${CSS.escape(section.dataset.turn)}"]`);
    if (row === this.current) return;
    this.current?.removeAttribute('aria-current');
    this.current = row;
    row?.setAttribute('aria-current', 'true');
    if (row && !this.list.matches(':hover, :focus-within')) row.scrollIntoView({ block: 'nearest' });
  }
}
