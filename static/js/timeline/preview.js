/** What a place of the timeline was, beside it, for who points at it or comes to it by key. */
import { closest, h } from '../ui/dom.js';
import { counted, modelWords, tokens } from '../ui/format.js';
import { buildOf, costOf, leftOutOf, nameOf, timeOf, toolsOf, troublesOf } from './place_labels.js';

const REST_MS = 200;
const GAP = 8;
const RAIL = 28;

export class Preview {
  /** @type {any} */
  timer = 0;
  /** The place's button that it is shown for. @type {HTMLElement|null} */
  button = null;

  /** @param {HTMLElement} list @param {(row: HTMLElement) => any} placeOf */
  constructor(list, placeOf) {
    this.placeOf = placeOf;
    this.card = h('div.place-preview', { role: 'tooltip', id: 'place-preview', hidden: true });
    document.body.append(this.card);
    if (matchMedia('(hover: hover)').matches) {
      list.addEventListener('pointerover', (event) => this.#soon(closest(event, '.place-go')));
      list.addEventListener('pointerleave', () => this.hide());
    }
    list.addEventListener(
      'focusin',
      (event) => closest(event, '.place-go:focus-visible') && this.#soon(closest(event, '.place-go')),
    );
    list.addEventListener('focusout', () => this.hide());
    list.addEventListener('scroll', () => this.hide(), { passive: true });
    document.addEventListener('keydown', (event) => event.key === 'Escape' && this.hide());
  }

  hide() {
    clearTimeout(this.timer);
    this.button?.removeAttribute('aria-describedby');
    this.button = null;
    this.card.hidden = true;
  }

  #soon(button) {
    if (button === this.button) return;
    this.hide();
    this.button = button;
    if (button) this.timer = setTimeout(() => this.#show(button), REST_MS);
  }

  #show(button) {
    const place = this.placeOf(button.closest('.place'));
    if (!place || !button.isConnected) return;
    this.card.replaceChildren(...told(place));
    this.card.hidden = false;
    button.setAttribute('aria-describedby', this.card.id);
    const [row, card] = [button.getBoundingClientRect(), this.card.getBoundingClientRect()];
    const left =
      row.left - card.width - GAP - RAIL >= 0
        ? row.left - card.width - GAP - RAIL
        : Math.min(row.right + GAP, innerWidth - card.width - GAP);
    this.card.style.left = `${Math.max(GAP, left)}px`;
    this.card.style.top = `${Math.max(GAP, Math.min(row.top, innerHeight - card.height - GAP))}px`;
  }
}

function told(place) {
  const { files, tokens: used } = place;
  const lines = {
    When: place.running ? 'It runs.' : timeOf(place.at),
    Model: place.model && modelWords(place.model),
    Tools: toolsOf(place),
    Files: files.changed && `${counted(files.changed, 'file')}, +${files.added} −${files.removed} lines`,
    Tokens:
      (used?.prompt || used?.completion) &&
      `${tokens(used.prompt ?? 0)} in, ${tokens(used.completion ?? 0)} out, ${costOf(place)}`,
    Build: buildOf(place),
    Trouble: troublesOf(place).join(', '),
    'Not kept': leftOutOf(files),
    Note: files.note,
  };
  const shown = Object.entries(lines).filter(([, words]) => words);
  return [
    h('p.preview-name', {}, nameOf(place)),
    place.answer && h('p.preview-answer', {}, place.answer),
    h('dl', {}, ...shown.flatMap(([name, words]) => [h('dt', {}, name), h('dd', {}, words)])),
    place.taken_back && h('p.fine', {}, 'Taken back: no part of the chat now. Restoring to it brings it back.'),
  ].filter(Boolean);
}
