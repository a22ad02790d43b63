/** Says in words what the connection does. Quiet while it is good, news for some seconds after it came back. */
import { h } from '../dom.js';

/** @typedef {import('../../stream/connection.js').ConnectionState} ConnectionState */

const NEWS_MS = 6_000;

export class ConnectionStatus {
  /** @type {any} */
  timer = null;
  /** @type {any} */
  clock = null;
  /** @type {ConnectionState|null} */
  state = null;
  wasLost = false;
  said = '';

  /** @param {HTMLElement} element @param {{now: () => void, login: string, home: string}} actions */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
  }

  /** @param {ConnectionState} state */
  show(state) {
    clearTimeout(this.timer);
    clearInterval(this.clock);
    this.state = state;
    if (state.state === 'live') return this.#live(state);
    if (state.state === 'closed') return this.#closed(state.reason);
    this.#waiting();
    if (state.retryAt) this.clock = setInterval(() => this.#waiting(), 500);
  }

  #live({ replayed, reloaded, serverRestarted }) {
    const news = [
      serverRestarted && 'server restarted',
      reloaded && 'reloaded',
      !reloaded && this.wasLost && (replayed ? 'caught up' : 'nothing missed'),
    ].filter(Boolean);
    const isNews = this.wasLost || serverRestarted || reloaded;
    this.wasLost = false;
    if (!isNews) return this.#say('live', 'Live');
    this.#say('news', `Live again: ${news.join(', ')}`);
    this.timer = setTimeout(() => this.#say('live', 'Live'), NEWS_MS);
  }

  #waiting() {
    const { state, retryAt, serverRestarted } = this.state;
    this.wasLost ||= state !== 'connecting';
    const why =
      state === 'offline'
        ? 'Offline'
        : serverRestarted
          ? 'Server restarts'
          : state === 'connecting'
            ? ''
            : 'Connection lost';
    const seconds = retryAt ? Math.ceil((retryAt - Date.now()) / 1000) : 0;
    const what = seconds > 0 ? `reconnecting in ${seconds} s` : state === 'connecting' ? 'connecting' : 'reconnecting';
    const words = why ? `${why}, ${what}` : 'Connecting';
    this.#say(
      'waiting',
      words,
      seconds > 0 ? h('button', { type: 'button', onclick: () => this.actions.now() }, 'now') : null,
      why,
    );
  }

  #closed(reason) {
    if (reason === 'signed out')
      return this.#say('lost', 'Signed out.', h('a', { href: this.actions.login }, 'Log in'));
    if (reason === 'gone')
      return this.#say('lost', 'This session was deleted.', h('a', { href: this.actions.home }, 'Your sessions'));
  }

  /** The text for the ear leaves the seconds out, or a screen reader would count them aloud. */
  #say(state, words, action = null, spoken = words) {
    this.element.dataset.state = state;
    this.element.title = words;
    if (!action && this.said === words) return;
    this.said = words;
    const focused = action && this.element.contains(document.activeElement);
    const text = h('span', spoken === words ? {} : { 'aria-hidden': 'true' }, words);
    const children = [text, spoken !== words && h('span', { class: 'visually-hidden' }, spoken), action].filter(
      Boolean,
    );
    if (focused && this.element.querySelector('button')) return this.element.querySelector('span').replaceWith(text);
    this.element.replaceChildren(...children);
  }
}
