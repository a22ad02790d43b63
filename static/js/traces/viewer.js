/** The viewer: turns, steps and calls as a waterfall, kept up to date by frames. One for the page, one for the panel. */
import { AT_WORK, FAILED } from '../stream/trace_store.js';
import { find } from '../ui/dom.js';
import { Detail } from './detail/detail.js';
import { FLAT, FilterForm, NONE, matches, narrows } from './filters.js';
import { wholeOf } from './list/bars.js';
import { LineList } from './list/line_list.js';
import { foundLines, treeLines } from './list/lines.js';
import { rowFor } from './list/row.js';
import { TurnAxes, mostTokens } from './list/turn_axes.js';
import { startViewerKeys } from './list/viewer_keys.js';
import { Zoom } from './list/zoom.js';
import { Loader } from './loader.js';
import { Search } from './search.js';

/**
 * @typedef {import('./filters.js').Filter} Filter
 * @typedef {import('./list/lines.js').Line} Line
 * @typedef {import('../stream/trace_store.js').Turn} Turn
 * @typedef {{id: string, name: string}} Chat
 */

const TICK_MS = 200;
const ASK_AGAIN_MS = 150; // frames of one commit come together: ask once for all of them
const FOLLOW_MS = 120;
const NOTHING_FOUND = 'No tool call matches. Try fewer words, or clear the filter.';
const NOTHING_YET =
  'Nothing here yet. Once the agent works in this chat, each model step and tool call appears as it happens: what it did, how long it took and waited, and what it cost.';

export class Viewer {
  /** @type {Map<string, Chat>} */
  chats = new Map();
  /** @type {Filter} */
  filter = { ...NONE };
  /** Whether frames come. */
  isLive = true;
  /** Turns that are open. @type {Set<string>} */
  opened = new Set();
  /** Steps that are closed. @type {Set<string>} */
  closed = new Set();
  /** What the store does not know yet. */
  outdated = { chats: new Set(), turns: new Set(), all: false };
  axes = new TurnAxes();
  longestTurn = 1;
  longestCall = 1;
  /** Of the step that has the most, among those in open turns. */
  mostTokens = 1;
  /** The line to go to as soon as it is there. @type {{turn: string, key: string, opens?: boolean}|null} */
  target = null;
  /** @type {any} */
  asking = null;
  /** @type {any} */
  following = null;
  frame = 0;

  /**
   * @param {HTMLElement} root made by templates/traces/_viewer.html
   * @param {object} options
   * @param {import('../stream/trace_store.js').TraceStore} options.store
   * @param {(turn: Turn, messageId: string) => {href: string, onclick?: (event: MouseEvent) => void}} options.chatLink
   * @param {(filter: Filter) => void} [options.onFilter]
   * @param {(line: Line|null) => void} [options.onSelect] null where nothing is open
   */
  constructor(root, { store, chatLink, onFilter = () => {}, onSelect = () => {} }) {
    this.root = root;
    this.store = store;
    this.onFilter = onFilter;
    this.onSelect = onSelect;
    this.loader = new Loader(store, () => this.refresh());
    this.search = new Search(this.loader, () => this.refresh());
    this.status = find(root, '[data-status]');
    this.empty = find(root, '.trace-empty');
    this.sticky = find(root, '.trace-sticky');
    this.sticky.addEventListener('click', (event) => {
      const act = event.target.closest('[data-act]')?.dataset.act;
      if (act) this.zoomBy(act, this.#turnOf(this.sticky.firstElementChild.dataset.key));
    });
    this.zoom = new Zoom(find(root, '.trace-list'), {
      turnOf: (key) => this.#turnOf(key),
      axisOf: (turn) => this.axes.of(turn),
      onChange: () => this.list.paint(true),
    });
    this.list = new LineList(find(root, '.trace-scroll'), find(root, '.trace-lines'), {
      view: () => this.#view(),
      onOpen: (line) => this.open(line),
      onToggle: (line, open) => this.toggle(line, open),
      onAct: (act, line) => this.#act(act, line),
      onMove: (line) => this.#moved(line),
      onTop: (line) => this.#stick(line),
    });
    this.detail = new Detail(find(root, '.trace-detail'), {
      onClose: () => this.closeDetail(),
      chatLink,
      traceLink: (id) =>
        new URL(`/chats/${this.store.turnOfCall(id)?.chat_id}/traces?call=${id}`, location.origin).href,
    });
    this.form = new FilterForm(find(root, '.trace-filter'), (filter) => this.setFilter(filter));
    root.addEventListener('left', () => this.list.grid.focus());
    find(root, '[data-next-error]').addEventListener('click', () => this.nextError());
    startViewerKeys(root, this);
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** Shows these chats with the turns that came with the page. @param {(Chat & {turns: any[], next: string|null})[]} pages */
  takeTurns(pages) {
    this.#follow(pages);
    for (const { id, turns, next } of pages) this.loader.takeTurns(id, { turns, next });
    this.refresh();
  }

  /** Shows other chats. @param {Chat[]} chats */
  async setChats(chats) {
    this.closeDetail();
    this.#follow(chats);
    this.list.current = '';
    await Promise.all(chats.map((chat) => this.loader.newestTurns(chat.id)));
    this.openNewest();
    if (narrows(this.filter)) this.search.start(this.filter, [...this.chats.keys()]);
  }

  /** @param {Chat[]} chats */
  #follow(chats) {
    this.chats = new Map(chats.map((chat) => [chat.id, chat]));
    this.store.follow(this.chats.keys());
    this.loader.older.clear();
  }

  openNewest() {
    const [newest] = this.#turns();
    if (newest) this.#setOpen(newest, true);
    this.refresh();
  }

  // --- What is shown ---------------------------------------------------------------------------------------------

  /** Shows what the store says, at the next paint. */
  refresh() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#render();
    });
  }

  #render() {
    this.axes.clear();
    const turns = this.#turns();
    this.mostTokens = mostTokens(turns.filter((turn) => this.opened.has(turn.id)));
    this.form.offerTools(this.#tools());
    this.longestTurn = turns.reduce((longest, turn) => Math.max(longest, wholeOf(turn, Date.now())), 1);
    const isFinding = narrows(this.filter);
    const lines = isFinding
      ? this.#foundLines()
      : treeLines(turns, { isOpen: (key) => this.#isOpen(key), hasOlder: this.loader.hasOlder });
    this.list.show(lines);
    this.#showEmpty(lines.length, isFinding);
    this.root.classList.toggle('finding', isFinding);
    this.#reachTarget();
  }

  #foundLines() {
    const { calls, more } = this.search.shown(this.filter);
    this.longestCall = calls.reduce((longest, call) => Math.max(longest, call.duration_ms ?? 0), 1);
    return foundLines(calls, (id) => this.store.get(id), { flat: FLAT.has(this.filter.sort), more });
  }

  #turns() {
    const turns = this.store.ordered().filter((turn) => this.chats.has(turn.chat_id));
    return this.filter.sort === 'oldest' ? turns.reverse() : turns;
  }

  *#tools() {
    for (const turn of this.store.values()) for (const call of turn.callMap.values()) yield call.tool;
  }

  #isOpen(key) {
    return this.store.has(key) ? this.opened.has(key) : !this.closed.has(key);
  }

  #view() {
    const now = Date.now();
    for (const turn of this.store.values())
      if (AT_WORK.has(turn.status)) this.longestTurn = Math.max(this.longestTurn, wholeOf(turn, now));
    return {
      now,
      axisOf: (turn) => ({ axis: this.axes.of(turn), view: this.zoom.viewOf(turn.id) }),
      longestTurn: this.longestTurn,
      timeWidth: this.list?.timeWidth || 400,
      longestCall: narrows(this.filter) ? this.longestCall : null,
      mostTokens: this.mostTokens,
      chatName: (id) => (this.chats.size > 1 ? this.chats.get(id)?.name || 'Chat' : ''),
    };
  }

  /** The axis of the turn in view stays in view. @param {import('./list/lines.js').Line|undefined} top */
  #stick(top) {
    const isInside = Boolean(top && top.level > 1 && top.kind !== 'axis' && !narrows(this.filter));
    this.sticky.hidden = !isInside;
    if (isInside)
      this.sticky.replaceChildren(
        rowFor({ kind: 'axis', key: `sticky ${top.turn.id}`, level: 2, turn: top.turn }, this.#view()),
      );
  }

  #showEmpty(count, isFinding) {
    const words = !isFinding ? NOTHING_YET : this.search.isLooking ? 'Looking' : NOTHING_FOUND;
    this.empty.hidden = count > 0 || (!isFinding && this.loader.loading.size > 0);
    if (this.empty.textContent !== words) this.empty.textContent = words;
    this.list.grid.hidden = count === 0;
    const said = isFinding ? this.search.words : '';
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  #tick() {
    if (this.root.offsetParent === null && this.root.getClientRects().length === 0) return;
    if (!this.isLive) return; // what runs is unknown, and so is for how long
    if ([...this.store.values()].some((turn) => AT_WORK.has(turn.status))) this.list.paint(true);
  }

  // --- What the person does ------------------------------------------------------------------------------------

  /** @param {import('./filters.js').Filter} filter */
  setFilter(filter) {
    this.filter = filter;
    this.form.show(filter);
    if (narrows(filter)) this.search.start(filter, [...this.chats.keys()]);
    else this.search.stop();
    this.list.scroller.scrollTop = 0;
    this.onFilter(filter);
    this.refresh();
  }

  toggle(line, open) {
    if (line.kind === 'turn') return this.#setOpen(line.turn, open);
    if (open) this.closed.delete(line.key);
    else this.closed.add(line.key);
    return this.refresh();
  }

  #setOpen(turn, open) {
    if (open) this.opened.add(turn.id);
    else this.opened.delete(turn.id);
    if (open && turn.loaded === 'no') this.loader.wholeTurn(turn).catch((error) => this.#say(error.message));
    this.refresh();
  }

  open(line) {
    if (line.kind === 'turn') return this.showTurn(line.turn);
    if (line.kind !== 'call' && line.kind !== 'step') return undefined;
    this.list.current = line.key;
    this.#reveal(line);
    this.root.classList.add('has-detail');
    this.onSelect(line);
    return this.detail.show(line).then(() => this.list.goTo(line.key));
  }

  /** From a heading among what was found to the turn itself. */
  showTurn(turn) {
    this.target = { turn: turn.id, key: turn.id };
    this.setFilter({ ...NONE });
    this.#setOpen(turn, true);
  }

  closeDetail() {
    if (this.detail.element.hidden) return;
    this.detail.hide();
    this.root.classList.remove('has-detail');
    this.onSelect(null);
    this.list.grid.focus();
  }

  #moved(line) {
    clearTimeout(this.following);
    this.#reveal(line);
    if (this.detail.element.hidden || (line.kind !== 'call' && line.kind !== 'step')) return;
    this.following = setTimeout(() => this.open(line), FOLLOW_MS);
  }

  #act(act, line) {
    if (act === 'more')
      return narrows(this.filter)
        ? this.search.more()
        : this.loader.olderTurns().catch((error) => this.#say(error.message));
    return this.zoomBy(act, line.turn);
  }

  /** Around the line that one is at, where it belongs to the turn. @param {string} act @param {any} [turn] */
  zoomBy(act, turn = this.list.currentLine?.turn) {
    const line = this.list.currentLine;
    const begins = line && line.turn === turn && (line.call ?? line.step)?.started;
    this.zoom.act(act, turn, begins ? this.axes.of(turn).at(begins) : null);
  }

  #reveal(line) {
    const begins = (line.call ?? line.step)?.started;
    if (begins && !narrows(this.filter)) this.zoom.reveal(line.turn, this.axes.of(line.turn).at(begins));
  }

  #turnOf(key) {
    if (key.startsWith('sticky ')) return this.store.get(key.slice(7));
    return this.list.lineOf(key)?.turn;
  }

  #say(words) {
    this.status.textContent = words;
  }

  /** Opens a call, or a turn, wherever it is. @param {{turn: any, call?: string|null}} wanted */
  showCall({ turn, call = null }) {
    const known = this.store.putTurn(turn);
    this.target = { turn: known.id, key: call ?? known.id, opens: Boolean(call) };
    this.#setOpen(known, true);
  }

  #reachTarget() {
    const { target } = this;
    if (!target || !this.list.goTo(target.key, 'middle')) return;
    this.target = null;
    if (target.opens) this.open(this.list.currentLine);
  }

  /** Goes to the next call or step that failed, into closed turns too. */
  async nextError() {
    const { lines } = this.list;
    const from = this.list.index.get(this.list.current) ?? -1;
    for (let offset = 1; offset <= lines.length; offset += 1) {
      const line = lines[(from + offset) % lines.length];
      if (isFailed(line)) return this.#goToError(line);
      if (line.kind === 'turn' && line.open === false && line.turn.failures > 0) return this.#enterTurn(line.turn);
    }
    return this.#say('Nothing failed here.');
  }

  #goToError(line) {
    this.list.goTo(line.key, 'middle');
    this.list.grid.focus({ preventScroll: true });
    this.#moved(line);
  }

  async #enterTurn(turn) {
    this.opened.add(turn.id);
    this.list.current = turn.id;
    if (turn.loaded !== 'all') await this.loader.wholeTurn(turn);
    this.#render();
    const first = this.list.lines.find((line) => line.turn === turn && isFailed(line));
    if (first) this.#goToError(first);
  }

  // --- What the server says ------------------------------------------------------------------------------------

  /** @param {import('../stream/reducer.js').Changes} changes */
  render({ turns, traces, outdated: { chats, turns: ended, all } }) {
    if (turns.size) this.refresh();
    if (narrows(this.filter)) for (const id of traces) this.#noteFound(id);
    if (!all && !chats.size && !ended.size) return;
    for (const id of chats) this.outdated.chats.add(id);
    for (const id of ended) this.outdated.turns.add(id);
    this.outdated.all ||= all;
    this.asking ??= setTimeout(() => this.#renew(), ASK_AGAIN_MS);
  }

  /** @param {string} id of a call */
  #noteFound(id) {
    const call = this.store.call(id);
    if (call && call.status !== 'running' && matches(this.filter, call)) this.search.note(id);
  }

  /** Asks for what the frames did not say. */
  async #renew() {
    const { chats, turns, all } = this.outdated;
    this.outdated = { chats: new Set(), turns: new Set(), all: false };
    this.asking = null;
    const known = new Set([...this.store.values()].filter((turn) => !turn.isStub).map((turn) => turn.id));
    const asked = (all ? [...this.chats.keys()] : [...chats]).filter((id) => this.chats.has(id));
    if (all) for (const turn of this.store.values()) turn.loaded = 'no';
    await Promise.all(asked.map((id) => this.loader.newestTurns(id))).catch((error) => this.#say(error.message));
    const again = [...(all ? this.opened : turns)]
      .map((id) => this.store.get(id))
      .filter((turn) => turn && (all || this.opened.has(turn.id)));
    await Promise.all(again.map((turn) => this.loader.wholeTurn(turn))).catch((error) => this.#say(error.message));
    for (const turn of this.#turns()) if (!known.has(turn.id) && AT_WORK.has(turn.status)) this.#setOpen(turn, true);
    this.root.dispatchEvent(new CustomEvent('renewed'));
    this.refresh();
  }
}

const isFailed = (line) =>
  (line.kind === 'call' && FAILED.has(line.call.status)) ||
  (line.kind === 'step' && (line.step.status === 'error' || line.step.status === 'interrupted'));
