/** Which part of each turn's axis is in view: by buttons, by drawing over the axis, by wheel with Ctrl, by keys. */

const NEAREST = 1e-5;
const FACTOR = 2;

export class Zoom {
  /** @type {Map<string, [number, number]>} */
  views = new Map();

  /** @param {HTMLElement} area @param {{turnOf: (key: string) => any, axisOf: (turn: any) => any, onChange: () => void}} actions */
  constructor(area, actions) {
    this.actions = actions;
    area.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    area.addEventListener('pointerdown', (event) => this.#down(event));
  }

  /** @param {string} id of a turn @returns {[number, number]} places on its axis */
  viewOf(id) {
    return this.views.get(id) ?? [0, 1];
  }

  /** @param {string} act @param {any} turn @param {number|null} place on its axis that is looked at */
  act(act, turn, place = null) {
    if (!turn) return;
    const [from, to] = this.viewOf(turn.id);
    const at = place === null || place < from || place > to ? 0.5 : (place - from) / (to - from);
    if (act === 'zoom-fit') this.#set(turn, [0, 1]);
    else this.around(turn, at, act === 'zoom-in' ? 1 / FACTOR : FACTOR);
  }

  /** @param {number} at share of what is in view that stays where it is @param {number} factor of its width */
  around(turn, at, factor) {
    const [from, to] = this.viewOf(turn.id);
    const width = Math.min(1, Math.max(NEAREST, (to - from) * factor));
    const fixed = from + (to - from) * at;
    this.#set(turn, [fixed - width * at, fixed - width * at + width]);
  }

  /** @param {number} by shares of what is in view */
  pan(turn, by) {
    const [from, to] = this.viewOf(turn.id);
    this.#set(turn, [from + (to - from) * by, to + (to - from) * by]);
  }

  /** Brings a place into view. @param {any} turn @param {number} place */
  reveal(turn, place) {
    const [from, to] = this.viewOf(turn.id);
    if (place < from || place > to) this.#set(turn, [place - (to - from) / 4, place + ((to - from) * 3) / 4]);
  }

  #set(turn, [from, to]) {
    const width = Math.min(1, to - from);
    const left = Math.min(1 - width, Math.max(0, from));
    if (width >= 1) this.views.delete(turn.id);
    else this.views.set(turn.id, [left, left + width]);
    this.actions.onChange();
  }

  #place(event) {
    const cell = event.target.closest?.('.time');
    const row = cell?.closest('.trace-line:not(.of-turn)');
    const turn = row && this.actions.turnOf(row.dataset.key);
    if (!turn || cell.closest('.finding')) return null;
    const { left, width } = cell.getBoundingClientRect();
    return { turn, cell, share: (x) => Math.min(1, Math.max(0, (x - left) / width)) };
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.shiftKey) return;
    const place = this.#place(event);
    if (!place) return;
    event.preventDefault();
    if (event.shiftKey) this.pan(place.turn, Math.sign(event.deltaY || event.deltaX) * 0.1);
    else this.around(place.turn, place.share(event.clientX), event.deltaY > 0 ? 1.25 : 0.8);
  }

  /** Drawing over the axis chooses what is in view. */
  #down(event) {
    const place = event.button === 0 && event.target.closest?.('.of-axis .time') && this.#place(event);
    if (!place) return;
    const start = place.share(event.clientX);
    const mark = document.createElement('i');
    mark.className = 'choice';
    place.cell.append(mark);
    const controller = new AbortController();
    const draw = (at) => {
      mark.style.left = `${Math.min(start, at) * 100}%`;
      mark.style.width = `${Math.abs(at - start) * 100}%`;
    };
    addEventListener('pointermove', (move) => draw(place.share(move.clientX)), { signal: controller.signal });
    const end = (up) => {
      controller.abort();
      mark.remove();
      const at = place.share(up.clientX);
      if (up.type !== 'pointerup' || Math.abs(at - start) < 0.01) return;
      const [from, to] = this.viewOf(place.turn.id);
      this.#set(place.turn, [from + (to - from) * Math.min(start, at), from + (to - from) * Math.max(start, at)]);
    };
    for (const name of ['pointerup', 'pointercancel']) addEventListener(name, end, { signal: controller.signal });
  }
}
