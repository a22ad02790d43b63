/**
 * A chat on the page, kept in step with the state. Only what changed is rendered: text goes to its message, a new message
 * to its turn, and nothing else is touched.
 *
 * @typedef {import('../../stream/reducer.js').State} State
 * @typedef {import('../../stream/reducer.js').Changes} Changes
 */
import { knownErrors } from './build_result.js';
import { turnsOf } from './conversation.js';
import { h } from '../dom.js';
import { argsOf, isAutomatic, labelsOf } from '../tool_labels.js';
import { NoticeMessage, StepMessage, UserMessage } from './messages.js';
import { showNeverBegan, showTurnEnd } from './turn_end.js';

const BEGIN_MS = 5_000; // longer than a message's turn takes to begin
const CONTINUE = 'Continue where you were cut off.';
const ENDED = new Set(['complete', 'cancelled', 'failed']);

/** The turn that the agent snapshot knows to have ended. */
const endedTurn = (snapshot) => (ENDED.has(snapshot?.status) ? snapshot.turn : null);

export class Transcript {
  chatId = '';
  /** Whether the server has said what there is. */
  isKnown = false;
  /** By message id. @type {Map<string, any>} */
  views = new Map();
  /** By turn. @type {Map<string, {element: HTMLElement, foot: HTMLElement}>} */
  sections = new Map();
  /** The messages with results, by tool_call_id. @type {Map<string, any>} */
  results = new Map();
  /** The message that made each call, by tool_call_id. @type {Map<string, string>} */
  callOwner = new Map();
  /** Traces of the checks that ran with a message, by its id. @type {Map<string, Set<string>>} */
  checks = new Map();
  /** @type {import('./conversation.js').Turn[]} */
  turns = [];
  /** Messages that were just sent: the server has not said yet that their turns begin. @type {Map<string, number>} */
  fresh = new Map();
  /** The agent's list as its last call wrote it. @type {{text: string, state: string}[]|null} */
  listed = null;

  /**
   * @param {HTMLElement} element
   * @param {State} state
   * @param {{onToggle: () => void, onAgain: (text: string) => void, empty: () => Node}} options `onAgain` sends a message
   *   once more, `empty` makes what a chat without messages shows
   */
  constructor(element, state, { onToggle, onAgain, empty }) {
    this.element = element;
    this.state = state;
    this.onToggle = onToggle;
    this.onAgain = onAgain;
    this.empty = empty;
  }

  /** @param {string} chatId */
  show(chatId) {
    this.chatId = chatId;
    this.views.clear();
    this.sections.clear();
    this.element.replaceChildren();
    this.#noteAll();
    this.#arrange();
  }

  /** The server has said what there is: where there is nothing, nothing more is waited for. */
  know() {
    if (this.isKnown) return;
    this.isKnown = true;
    this.#arrange();
  }

  /** @param {Changes} changes */
  render(changes) {
    if (changes.reloaded) return this.#reload(changes);
    const touched = new Set();
    let moved = changes.removed.size > 0 || changes.chats.has(this.chatId);
    for (const id of changes.messages) {
      const message = this.state.messages.get(id);
      if (!message || message.chat_id !== this.chatId) continue;
      if (this.#noteResult(message)) touched.add(this.callOwner.get(message.tool_results?.tool_call_id));
      else if (!this.views.has(id) && message.role === 'user' && !this.isRunning) this.#noteFresh(id);
      if (message.role === 'tool') continue;
      if (!this.views.has(id) || message.status !== this.views.get(id).message?.status) moved = true;
      else touched.add(id);
    }
    for (const id of changes.traces) {
      if (this.#noteCheck(this.state.traces.get(id))) moved = true;
      touched.add(this.state.traces.get(id)?.message_id);
    }
    for (const id of changes.approvals) touched.add(this.state.traces.get(id)?.message_id);
    for (const callId of changes.outputs) touched.add(this.callOwner.get(callId));
    if (moved) this.#arrange();
    for (const id of touched) this.#renderMessage(id);
  }

  /** Everything was replaced; what is the same keeps its place, so that the reader loses none either. */
  #reload(changes) {
    this.isKnown = true;
    this.#noteAll();
    for (const id of changes.removed) if (!this.state.messages.has(id)) this.#drop(id);
    this.#arrange();
    for (const id of this.views.keys()) this.#renderMessage(id);
  }

  get isRunning() {
    const status = this.state.chats.get(this.chatId)?.status;
    return status === 'running' || status === 'waiting';
  }

  /** The turn that is worked on. */
  get current() {
    return this.isRunning
      ? (this.turns.find((turn) => !turn.ended && turn.steps.length) ?? this.turns.find((turn) => !turn.ended))
      : undefined;
  }

  /** Cards of calls that run now. @returns {import('../calls/call_card.js').CallCard[]} */
  get runningCards() {
    return this.#currentCards.filter((card) => card.isRunning);
  }

  /** Cards of calls that wait for the person. @returns {import('../calls/call_card.js').CallCard[]} */
  get waitingCards() {
    return this.#currentCards.filter((card) => card.approval);
  }

  get #currentCards() {
    const step = this.current?.steps.findLast((one) => one.role === 'assistant');
    return [...(this.views.get(step?.id)?.cards?.values() ?? [])];
  }

  tick() {
    for (const card of this.runningCards) card.tick();
  }

  #noteAll() {
    this.results.clear();
    this.checks.clear();
    for (const message of this.state.messages) this.#noteResult(message);
    for (const trace of this.state.traces.values()) this.#noteCheck(trace);
  }

  /** A check is a call that no message names: BooCode made it. */
  #noteCheck(trace) {
    if (!trace || !isAutomatic(trace.tool)) return false;
    this.checks.set(trace.message_id, (this.checks.get(trace.message_id) ?? new Set()).add(trace.id));
    return true;
  }

  /** The turn whose check runs: after its last answer it is not at its end. */
  get #checkedTurn() {
    const traces = [...this.checks.values()].flatMap((ids) => [...ids].map((id) => this.state.traces.get(id)));
    return traces.findLast((trace) => trace?.status === 'running' && trace.chat_id === this.chatId)?.turn ?? null;
  }

  /** The agent's list of what is to be done, as it last wrote it. @returns {{text: string, state: string}[]|undefined} */
  get todo() {
    return this.listed ?? this.state.chats.get(this.chatId)?.snapshot?.todo;
  }

  #checksOf(message) {
    return [...(this.checks.get(message.id) ?? [])].map((id) => {
      const trace = this.state.traces.get(id);
      const args = trace.input ??
        this.state.approvals.get(id)?.input ?? { label: this.#build(message.turn_id)?.command };
      return { id: trace.tool_call_id, name: trace.tool, args };
    });
  }

  /** How the turn's check went, as its last word or, while it works, the chat's snapshot tells it. */
  #build(turnId) {
    const told = this.turns.find((turn) => turn.turnId === turnId)?.steps.findLast((step) => step.metadata?.build);
    return told?.metadata.build ?? this.state.chats.get(this.chatId)?.snapshot?.build;
  }

  #noteResult(message) {
    if (message.role !== 'tool') return false;
    if (message.tool_results) this.results.set(message.tool_results.tool_call_id, message);
    return true;
  }

  /** Only what stays without a beginning for some time was stopped before it began. */
  #noteFresh(id) {
    const forget = () => {
      if (this.fresh.delete(id)) this.#arrange();
    };
    this.fresh.set(id, setTimeout(forget, BEGIN_MS));
  }

  /** Puts turns and messages where they belong, and renders those that are new. */
  #arrange() {
    if (this.isRunning) this.fresh.clear();
    this.turns = turnsOf(
      this.state.messages,
      this.chatId,
      endedTurn(this.state.chats.get(this.chatId)?.snapshot),
      this.#checkedTurn,
    );
    this.listed = null;
    this.callOwner = new Map();
    const known = new Set();
    let before = this.element.firstElementChild;
    if (before?.matches(this.turns.length ? '.welcome, .skeleton' : this.isKnown ? '.skeleton' : '.none')) {
      before.remove();
      before = this.element.firstElementChild;
    }
    const alive = this.current;
    for (const turn of this.turns) {
      const section = this.#section(turn.id);
      known.add(turn.id);
      if (section.element === before) before = before.nextElementSibling;
      else this.element.insertBefore(section.element, before);
      this.#fill(section, turn, turn === alive);
    }
    for (const [id, section] of this.sections) if (!known.has(id)) this.#dropSection(id, section);
    if (!this.turns.length && !this.element.firstElementChild)
      this.element.append(this.isKnown || !this.state.chats.get(this.chatId)?.name ? this.empty() : skeleton());
  }

  #section(id) {
    let section = this.sections.get(id);
    if (!section) {
      const foot = h('footer.turn-end', { hidden: true });
      section = { element: h('section.turn', { 'data-turn': id }, foot), foot };
      this.sections.set(id, section);
    }
    return section;
  }

  #fill({ element, foot }, turn, isAlive) {
    const messages = turn.asked ? [turn.asked, ...turn.steps] : turn.steps;
    let before = element.firstElementChild;
    for (const message of messages) {
      for (const call of message.tool_calls ?? []) {
        this.callOwner.set(call.id, message.id);
        if (labelsOf(call).view === 'checklist' && Array.isArray(call.args?.items)) this.listed = call.args.items;
      }
      const view = this.#view(message);
      if (view.element === before) before = before.nextElementSibling;
      else element.insertBefore(view.element, before);
      this.#update(view, message, turn);
    }
    this.#renderFoot(foot, turn, isAlive);
  }

  #view(message) {
    let view = this.views.get(message.id);
    if (!view) {
      view =
        message.role === 'user'
          ? new UserMessage()
          : message.role === 'assistant'
            ? new StepMessage(this.onToggle)
            : new NoticeMessage();
      view.element.dataset.message = message.id;
      this.views.set(message.id, view);
    }
    return view;
  }

  #renderMessage(id) {
    const message = this.state.messages.get(id);
    const view = this.views.get(id);
    if (message && view) this.#update(view, message, null);
  }

  #update(view, message, turn) {
    const queued = Boolean(turn && this.isRunning && turn !== this.current && !turn.ended && !turn.steps.length);
    view.update(message, {
      queued,
      checks: this.#checksOf(message),
      ask: (action) => this.onAgain(action === 'Continue' ? CONTINUE : (this.turns.at(-1)?.asked?.content ?? CONTINUE)),
      callState: (call, step) => this.#callState(call, step),
    });
  }

  #callState(call, step) {
    const trace = this.state.traces.get(this.state.traceByCall.get(call.id) ?? '') ?? null;
    return {
      call,
      trace,
      result: this.results.get(call.id)?.tool_results ?? null,
      output: this.state.outputs.get(call.id) ?? '',
      approval: (trace && this.state.approvals.get(trace.id)) ?? null,
      step: step.status,
      known: this.#knownErrors(step, call),
      alive: this.isRunning && this.current?.steps.at(-1)?.id === step.id,
    };
  }

  /** What the turn came to, once it ended. */
  #renderFoot(foot, turn, isAlive) {
    const answer = turn.steps.findLast((step) => step.role === 'assistant');
    const isIdle = this.state.chats.get(this.chatId)?.status === 'idle';
    const neverBegan = !turn.steps.length && isIdle && !this.fresh.has(turn.id);
    foot.hidden = isAlive || !(answer || neverBegan);
    if (foot.hidden) return;
    const again = () => this.onAgain(turn.asked.content);
    if (neverBegan) return showNeverBegan(foot, again);
    const traceOf = (call) => this.state.traces.get(this.state.traceByCall.get(call.id) ?? '');
    showTurnEnd(foot, {
      turn,
      answer,
      again: turn === this.turns.at(-1) && answer.status === 'failed' && turn.asked ? again : null,
      content: () => this.state.messages.get(answer.id)?.content ?? '',
      calls: turn.steps.flatMap((step) => step.tool_calls ?? []),
      checks: turn.steps
        .flatMap((step) => [...(this.checks.get(step.id) ?? [])])
        .map((id) => this.state.traces.get(id))
        .filter(Boolean),
      traceOf,
      resultOf: (call) => this.results.get(call.id),
    });
  }

  /** What its check found, where that is known from before: no failure of this turn's. @returns {string} */
  #knownErrors(message, call) {
    if (!isAutomatic(call.name)) return '';
    const build = this.#build(message.turn_id);
    const ids = this.turns
      .find((turn) => turn.turnId === message.turn_id)
      ?.steps.flatMap((step) => [...(this.checks.get(step.id) ?? [])]);
    const isLast = this.state.traceByCall.get(call.id) === ids?.at(-1);
    return knownErrors(build, { isFirst: argsOf(call).attempt === 0, isLast });
  }

  #drop(id) {
    this.views.get(id)?.element.remove();
    this.views.delete(id);
  }

  #dropSection(id, { element }) {
    for (const message of element.querySelectorAll('[data-message]')) this.views.delete(message.dataset.message);
    element.remove();
    this.sections.delete(id);
  }
}

/** What stands where messages are on their way: calm, and of their shape. */
function skeleton() {
  return h('div.skeleton', { 'aria-hidden': 'true' }, h('i'), h('i'), h('i'), h('i'));
}
