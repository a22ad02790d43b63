/**
 * The panels beside the chat. There is room for one at a time: one that opens closes the others.
 *
 * @typedef {object} Panel
 * @property {HTMLElement} element
 * @property {string} storageKey where it is remembered that it is open; empty where that is not
 * @property {() => Promise<void>} show shows the chat that the page shows
 * @property {(changes: import('../../stream/reducer.js').Changes) => void} render shows what frames changed; only while
 *   it is open or `rendersClosed`
 * @property {() => void} focus
 * @property {() => void} hidden tidies up
 */
import { find, findAll } from '../dom.js';
import { recall, remember } from './shell.js';

const NARROW = '(max-width: 68rem)';

export class SidePanels {
  /** @param {Panel[]} panels buttons with `data-panel-toggle` and the id of a panel's element open and close it */
  constructor(panels) {
    this.panels = panels;
    for (const panel of panels) {
      for (const button of this.#buttons(panel)) button.addEventListener('click', () => this.toggle(panel));
      const wasOpen = panel.storageKey && recall(panel.storageKey) === 'open';
      if (wasOpen && !matchMedia(NARROW).matches) this.open(panel);
    }
  }

  /** Opens the panel and goes to it, or closes it and goes back to its button. @param {Panel} panel */
  async toggle(panel) {
    if (panel.element.hidden) {
      await this.open(panel);
      panel.focus();
    } else {
      this.close(panel);
      find(document, `.head [data-panel-toggle="${panel.element.id}"]`)?.focus();
    }
  }

  /** @param {Panel} panel */
  async open(panel) {
    for (const other of this.panels) if (other !== panel) this.close(other);
    this.#setOpen(panel, true);
    await panel.show();
  }

  /** @param {Panel} panel */
  close(panel) {
    if (panel.element.hidden) return;
    this.#setOpen(panel, false);
    panel.hidden();
  }

  /** On a narrow screen a panel lies over the chat, and would hide what is to be seen there. */
  makeWay() {
    if (matchMedia(NARROW).matches) for (const panel of this.panels) this.close(panel);
  }

  /** Shows another chat. */
  show() {
    for (const panel of this.panels) if (!panel.element.hidden) panel.show();
  }

  /** @param {import('../../stream/reducer.js').Changes} changes */
  render(changes) {
    for (const panel of this.panels) panel.render(changes);
  }

  /** @param {Panel} panel @param {boolean} isOpen */
  #setOpen(panel, isOpen) {
    panel.element.hidden = !isOpen;
    for (const button of this.#buttons(panel))
      if (button.hasAttribute('aria-expanded')) button.setAttribute('aria-expanded', String(isOpen));
    if (panel.storageKey) remember(panel.storageKey, isOpen ? 'open' : '');
  }

  /** @param {Panel} panel @returns {any[]} */
  #buttons({ element }) {
    return findAll(document, `[data-panel-toggle="${element.id}"]`);
  }
}
