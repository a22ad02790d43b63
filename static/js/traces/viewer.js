/** The viewer: turns, steps and calls as a waterfall, kept up to date by frames. One for the page, one for the panel. */
import { Axis } from './axis.js';
import { Book, AT_WORK, FAILED, boundsOf, turnGaps } from './book.js';
import { wholeOf } from './bars.js';
import { Detail } from './detail.js';
import { FLAT, FilterForm, NONE, matches, narrows } from './filters.js';
import { hear } from './frames.js';
import { foundLines, treeLines } from './lines.js';
import { LineList } from './list.js';
import { rowFor } from './row.js';
import { Loader } from './loader.js';
import { Finding } from './finding.js';
import { Zoom } from './zoom.js';
import { startViewerKeys } from './viewerkeys.js';

const TICK_MS = 200;
const ASK_AGAIN_MS = 150; // frames of one commit come together: ask once for all of them

export class Viewer {
  /**
   * @param {HTMLElement} root made by templates/traces/_viewer.html
   * @param {object} options
   * @param {{id: string, name: string}[]} options.chats
   * @param {(turn: any, messageId: string) => {href: string, onclick?: (event: Event) => void}} options.chatLink
   * @param {(filter: import('./filters.js').Filter) => void} [options.onFilter]
   * @param {(line: any) => void} [options.onSelect] null where nothing is open
   * @param {HTMLElement|Document} [options.keys] where single keys are heard
   */
  constructor(root, { chats, chatLink, onFilter = () => {}, onSelect = () => {}, keys = root }) {
    Object.assign(this, { root, onFilter, onSelect });
    const find = (selector) => /** @type {any} */ (root.querySelector(selector));
    this.chats = new Map(chats.map((chat) => [chat.id, chat]));
    this.book = new Book();
    this.loader = new Loader(this.book, () => this.refresh());
    this.filter = { ...NONE };
    this.opened = new Set();
    this.closed = new Set();
    this.axes = new Map();
    this.stale = { chats: new Set(), turns: new Set(), all: false };
    this.status = find('[data-status]');
    this.empty = find('.trace-empty');
    this.finding = new Finding(this.loader, () => this.refresh());
    this.sticky = find('.trace-sticky');
    this.sticky.addEventListener('click', (event) => {
      const act = event.target.closest('[data-act]')?.dataset.act;
      if (act) this.zoomBy(act, this.#turnOf(this.sticky.firstElementChild.dataset.key));
    });
    this.zoom = new Zoom(find('.trace-list'), { turnOf: (key) => this.#turnOf(key), axisOf: (turn) => this.axisOf(turn).axis, onChange: () => this.list.paint(true) });
    this.list = new LineList(find('.trace-scroll'), find('.trace-lines'), {
      view: () => this.#view(), onOpen: (line) => this.open(line), onToggle: (line, open) => this.toggle(line, open),
      onAct: (act, line) => this.#act(act, line), onMove: (line) => this.#moved(line), onTop: (line) => this.#stick(line),
    });
    this.detail = new Detail(find('.trace-detail'), {
      onClose: () => this.closeDetail(), chatLink,
      traceLink: (id) => new URL(`/chats/${this.book.turns.get(this.book.turnOfCall.get(id))?.chat_id}/traces?call=${id}`, location.origin).href,
    });
    this.form = new FilterForm(find('.trace-filter'), (filter) => this.setFilter(filter));
    root.addEventListener('left', () => this.list.grid.focus());
    find('[data-next-error]').addEventListener('click', () => this.nextError());
    startViewerKeys(keys, this);
    this.clock = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @param {{id: string, turns?: any[], next?: string|null}[]} pages of turns that came with the page */
  takeTurns(pages) {
    for (const { id, turns, next } of pages) if (turns) this.loader.takeTurns(id, { turns, next: next ?? null });
    this.refresh();
  }

  /** Shows another chat. @param {{id: string, name: string}[]} chats */
  async setChats(chats) {
    this.chats = new Map(chats.map((chat) => [chat.id, chat]));
    this.closeDetail();
    this.loader.older.clear();
    this.book.clear();
    this.list.current = '';
    await Promise.all(chats.map((chat) => this.loader.newestTurns(chat.id)));
    this.openNewest();
    if (narrows(this.filter)) this.finding.start(this.filter, [...this.chats.keys()]);
  }

  openNewest() {
    const [newest] = this.#turns();
    if (newest) this.#setOpen(newest, true);
    this.refresh();
  }

  // --- What is shown ---------------------------------------------------------------------------------------------

  /** Shows what the book says, at the next paint. */
  refresh() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#render();
    });
  }

  #render() {
    this.axes.clear();
    const turns = this.#turns();
    this.form.offerTools(this.#tools());
    this.longestTurn = turns.reduce((longest, turn) => Math.max(longest, wholeOf(turn, Date.now())), 1);
    const isFinding = narrows(this.filter);
    const lines = isFinding ? this.#foundLines() : treeLines(turns, { isOpen: (key) => this.#isOpen(key), hasOlder: this.loader.hasOlder });
    this.list.show(lines);
    this.#showEmpty(lines.length, isFinding);
    this.root.classList.toggle('finding', isFinding);
    this.#reachTarget();
  }

  #foundLines() {
    const { calls, more } = this.finding.shown(this.book, this.filter);
    this.longestCall = calls.reduce((longest, call) => Math.max(longest, call.duration_ms ?? 0), 1);
    return foundLines(calls, (id) => this.book.turns.get(id), { flat: FLAT.has(this.filter.sort), more });
  }

  #turns() {
    const turns = this.book.ordered().filter((turn) => this.chats.has(turn.chat_id));
    return this.filter.sort === 'oldest' ? turns.reverse() : turns;
  }

  *#tools() {
    for (const turn of this.book.turns.values()) for (const call of turn.callMap.values()) yield call.tool;
  }

  #isOpen(key) {
    return this.book.turns.has(key) ? this.opened.has(key) : !this.closed.has(key);
  }

  #view() {
    const now = Date.now();
    for (const turn of this.book.turns.values()) if (AT_WORK.has(turn.status)) this.longestTurn = Math.max(this.longestTurn ?? 1, wholeOf(turn, now));
    return {
      now, axisOf: (turn) => this.axisOf(turn), longestTurn: this.longestTurn ?? 1, timeWidth: this.list?.timeWidth || 400,
      longestCall: narrows(this.filter) ? this.longestCall : null, mostTokens: this.#mostTokens(),
      chatName: (id) => (this.chats.size > 1 ? this.chats.get(id)?.name || 'Chat' : ''),
    };
  }

  /** Of a step among those in open turns. Kept until the next rendering, like the axes. */
  #mostTokens() {
    if (this.axes.has('tokens')) return this.axes.get('tokens');
    let most = 1;
    for (const id of this.opened) for (const step of this.book.turns.get(id)?.stepMap.values() ?? []) most = Math.max(most, (step.prompt ?? 0) + (step.completion ?? 0));
    this.axes.set('tokens', most);
    return most;
  }

  /** @param {import('./book.js').Turn} turn */
  axisOf(turn) {
    let known = this.axes.get(turn.id);
    if (!known || (AT_WORK.has(turn.status) && Date.now() - known.at > TICK_MS / 2)) {
      const now = Date.now();
      const gaps = known?.gaps ?? turnGaps(turn, now);
      known = { axis: new Axis(...boundsOf(turn, now), gaps), gaps, at: now };
      this.axes.set(turn.id, known);
    }
    return { axis: known.axis, view: this.zoom.viewOf(turn.id) };
  }

  /** The axis of the turn in view stays in view. @param {import('./lines.js').Line|undefined} top */
  #stick(top) {
    const isInside = Boolean(top && top.level > 1 && top.kind !== 'axis' && !narrows(this.filter));
    this.sticky.hidden = !isInside;
    if (isInside) this.sticky.replaceChildren(rowFor({ kind: 'axis', key: `sticky ${top.turn.id}`, level: 2, turn: top.turn }, this.#view()));
  }

  #showEmpty(count, isFinding) {
    const words = isFinding ? (this.finding.isLooking ? 'Looking' : 'No tool call matches. Try fewer words, or clear the filter.') : 'Nothing here yet. Once the agent works in this chat, each model step and tool call appears as it happens: what it did, how long it took and waited, and what it cost.';
    this.empty.hidden = count > 0 || (!isFinding && this.loader.loading.size > 0);
    if (this.empty.textContent !== words) this.empty.textContent = words;
    this.list.grid.hidden = count === 0;
    const said = isFinding ? this.finding.words : '';
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  #tick() {
    if (this.root.offsetParent === null && this.root.getClientRects().length === 0) return;
    if ([...this.book.turns.values()].some((turn) => AT_WORK.has(turn.status))) this.list.paint(true);
  }

  // --- What the person does ------------------------------------------------------------------------------------

  /** @param {import('./filters.js').Filter} filter */
  setFilter(filter) {
    this.filter = filter;
    this.form.show(filter);
    if (narrows(filter)) this.finding.start(filter, [...this.chats.keys()]);
    else this.finding.stop();
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
    if (line.kind === 'turn') return this.setFilterAndShow(line.turn);
    if (line.kind !== 'call' && line.kind !== 'step') return undefined;
    this.list.current = line.key;
    this.#reveal(line);
    this.root.classList.add('has-detail');
    this.onSelect(line);
    return this.detail.show(line).then(() => this.list.goTo(line.key));
  }

  /** From a heading among what was found to the turn itself. */
  setFilterAndShow(turn) {
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
    this.following = setTimeout(() => this.open(line), 120);
  }

  #act(act, line) {
    if (act === 'more') return narrows(this.filter) ? this.finding.more() : this.loader.olderTurns().catch((error) => this.#say(error.message));
    return this.zoomBy(act, line.turn);
  }

  /** Around the line that one is at, where it belongs to the turn. @param {string} act @param {any} [turn] */
  zoomBy(act, turn = this.list.currentLine?.turn) {
    const line = this.list.currentLine;
    const begins = line && line.turn === turn && (line.call ?? line.step)?.started;
    this.zoom.act(act, turn, begins ? this.axisOf(turn).axis.at(begins) : null);
  }

  #reveal(line) {
    const begins = (line.call ?? line.step)?.started;
    if (begins && !narrows(this.filter)) this.zoom.reveal(line.turn, this.axisOf(line.turn).axis.at(begins));
  }

  #turnOf(key) {
    if (key.startsWith('sticky ')) return this.book.turns.get(key.slice(7));
    return this.list.lines[this.list.index?.get(key) ?? -1]?.turn;
  }

  #say(words) {
    this.status.textContent = words;
  }

  /** Opens a call, or a turn, wherever it is. @param {{turn: any, call?: string|null}} wanted */
  showCall({ turn, call = null }) {
    const known = this.book.putTurn(turn);
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
    const from = this.list.index?.get(this.list.current) ?? -1;
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

  /** @param {import('../wire.js').Frame[]} frames */
  receive(frames) {
    let changed = false;
    for (const frame of frames) {
      if (frame.chat_id && !this.chats.has(frame.chat_id)) continue;
      changed = hear(this.book, frame, this.stale) || changed;
      if (frame.type === 'tool_trace_finish' && narrows(this.filter)) this.#noteFound(frame.trace.id);
    }
    if (changed) this.refresh();
    if (this.stale.all || this.stale.chats.size || this.stale.turns.size) this.asking ??= setTimeout(() => this.#renew(), ASK_AGAIN_MS);
  }

  #noteFound(id) {
    const call = this.book.call(id);
    if (call && matches(this.filter, call)) this.finding.note(id);
  }

  /** Asks for what the frames did not say. */
  async #renew() {
    const { chats, turns, all } = this.stale;
    this.stale = { chats: new Set(), turns: new Set(), all: false };
    this.asking = null;
    const known = new Set([...this.book.turns.values()].filter((turn) => !turn.isStub).map((turn) => turn.id));
    const asked = (all ? [...this.chats.keys()] : [...chats]).filter((id) => this.chats.has(id));
    if (all) for (const turn of this.book.turns.values()) turn.loaded = 'no';
    await Promise.all(asked.map((id) => this.loader.newestTurns(id))).catch((error) => this.#say(error.message));
    const again = [...(all ? this.opened : turns)].map((id) => this.book.turns.get(id)).filter((turn) => turn && (all || this.opened.has(turn.id)));
    await Promise.all(again.map((turn) => this.loader.wholeTurn(turn))).catch((error) => this.#say(error.message));
    for (const turn of this.#turns()) if (!known.has(turn.id) && AT_WORK.has(turn.status)) this.#setOpen(turn, true);
    this.root.dispatchEvent(new CustomEvent('renewed'));
    this.refresh();
  }
}

const isFailed = (line) => (line.kind === 'call' && FAILED.has(line.call.status)) || (line.kind === 'step' && (line.step.status === 'error' || line.step.status === 'interrupted'));
