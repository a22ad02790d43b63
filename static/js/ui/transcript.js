/**
 * A chat on the page, kept in step with the state. Only what changed is rendered: text goes to its message, a new message
 * to its turn, and nothing else is touched.
 *
 * @typedef {import('../reducer.js').State} State
 * @typedef {import('../reducer.js').Changes} Changes
 */
import { buildVerdict } from './build.js';
import { durationOf, turnsOf, usageOf } from './conversation.js';
import { h, icon } from './dom.js';
import { atLeast, cost, counted, duration, modelWords, tokens } from './format.js';
import { copyAnswer, NoticeMessage, StepMessage, UserMessage } from './messages.js';

const ENDED = new Set(['complete', 'cancelled', 'failed']);

/** The turn that the agent snapshot knows to have ended. */
const endedTurn = (snapshot) => (ENDED.has(snapshot?.status) ? snapshot.turn : null);

export class Transcript {
  /**
   * @param {HTMLElement} element
   * @param {State} state
   * @param {{onToggle: () => void, onAgain: (text: string) => void, empty: () => Node}} options `onAgain` sends a message
   *   once more, `empty` makes what a chat without messages shows
   */
  constructor(element, state, { onToggle, onAgain, empty }) {
    Object.assign(this, { element, state, onToggle, onAgain, empty });
    this.chatId = '';
    /** @type {Map<string, any>} message id → view */
    this.views = new Map();
    /** @type {Map<string, {element: HTMLElement, foot: HTMLElement}>} */
    this.sections = new Map();
    /** @type {Map<string, any>} tool_call_id → the message with its result */
    this.results = new Map();
    /** @type {import('./conversation.js').Turn[]} */
    /** @type {Map<string, Set<string>>} message id → traces of the checks that ran with it */
    this.checks = new Map();
    this.turns = [];
    this.seen = 0;
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

  /** @param {Changes} changes */
  render(changes) {
    if (changes.reloaded) return this.#reload(changes);
    const touched = new Set();
    let moved = changes.removed.size > 0 || changes.chats.has(this.chatId);
    for (const id of changes.messages) {
      const message = this.state.messages.get(id);
      if (!message || message.chat_id !== this.chatId) continue;
      if (this.#noteResult(message)) touched.add(this.callOwner?.get(message.tool_results?.tool_call_id));
      else if (!this.views.has(id) || message.status !== this.views.get(id).message?.status) moved = true;
      else touched.add(id);
    }
    for (const id of changes.traces) {
      if (this.#noteCheck(this.state.traces.get(id))) moved = true;
      touched.add(this.state.traces.get(id)?.message_id);
    }
    for (const id of changes.approvals) touched.add(this.state.traces.get(id)?.message_id);
    for (const callId of changes.outputs) touched.add(this.callOwner?.get(callId));
    if (moved) this.#arrange();
    for (const id of touched) this.#renderMessage(id);
  }

  /** Everything was replaced; what is the same keeps its place, so that the reader loses none either. */
  #reload(changes) {
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
    return this.isRunning ? (this.turns.find((turn) => !turn.ended && turn.steps.length) ?? this.turns.find((turn) => !turn.ended)) : undefined;
  }

  /** Cards of calls that run now. @returns {import('./callcard.js').CallCard[]} */
  get runningCards() {
    return this.#currentCards.filter((card) => card.isRunning);
  }

  /** Cards of calls that wait for the person. @returns {import('./callcard.js').CallCard[]} */
  get waitingCards() {
    return this.#currentCards.filter((card) => card.asking);
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
    if (trace?.tool !== 'check') return false;
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
      const args = trace.input ?? this.state.approvals.get(id)?.input ?? { label: this.#build(message.turn_id)?.command };
      return { id: trace.tool_call_id, name: 'check', args };
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

  /** Puts turns and messages where they belong, and renders those that are new. */
  #arrange() {
    this.turns = turnsOf(this.state.messages, this.chatId, endedTurn(this.state.chats.get(this.chatId)?.snapshot), this.#checkedTurn);
    this.listed = null;
    this.callOwner = new Map();
    const known = new Set();
    let before = this.element.firstElementChild;
    if (this.turns.length && before?.matches('.welcome')) {
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
    if (!this.turns.length && !this.element.firstElementChild) this.element.append(this.empty());
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
        if (call.name === 'todo' && Array.isArray(call.args?.items)) this.listed = call.args.items;
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
      view = message.role === 'user' ? new UserMessage() : message.role === 'assistant' ? new StepMessage(this.onToggle) : new NoticeMessage();
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
    view.update(message, { queued, checks: this.#checksOf(message), callState: (call, step) => this.#callState(call, step) });
  }

  #callState(call, step) {
    const trace = this.state.traces.get(this.state.traceByCall.get(call.id) ?? '') ?? null;
    return {
      call, trace,
      result: this.results.get(call.id)?.tool_results ?? null,
      output: this.state.outputs.get(call.id) ?? '',
      approval: (trace && this.state.approvals.get(trace.id)) ?? null,
      alive: this.isRunning && this.current?.steps.at(-1)?.id === step.id,
    };
  }

  /** What the turn came to, once it ended. */
  #renderFoot(foot, turn, isAlive) {
    const answer = turn.steps.findLast((step) => step.role === 'assistant');
    const neverBegan = !turn.steps.length && !this.isRunning && this.state.chats.get(this.chatId)?.status === 'idle';
    foot.hidden = isAlive || !(answer || neverBegan);
    if (foot.hidden) return;
    if (neverBegan) return this.#renderNeverBegan(foot, turn);
    const used = usageOf(turn.steps);
    const checks = turn.steps.flatMap((step) => [...(this.checks.get(step.id) ?? [])]).map((id) => this.state.traces.get(id)).filter(Boolean);
    const calls = turn.steps.reduce((sum, step) => sum + (step.tool_calls?.length ?? 0), checks.length);
    const isLast = turn === this.turns.at(-1);
    const words = [
      this.#wasStopped(answer) && 'stopped', duration(durationOf(turn, this.#resultsOf(turn), checks)), calls && counted(calls, 'tool call'), used.tokens.known > 0 && `${atLeast(used.tokens, tokens)} tokens`,
      used.answers > 0 && cost(used.cost), modelWords(answer.model ?? ''),
    ];
    const build = buildVerdict(answer.metadata?.build);
    const spans = [...build, ...words.filter(Boolean).map((word) => h('span', {}, word))];
    const mayRetry = isLast && answer.status === 'failed' && turn.asked;
    const shown = [mayRetry, ...spans.map((span) => span.textContent)].join();
    if (foot.dataset.words === shown) return;
    foot.dataset.words = shown;
    const again = mayRetry && this.#againButton(turn);
    foot.replaceChildren(...[again, answer.content && copyAnswer(() => this.state.messages.get(answer.id)?.content ?? ''), ...spans].filter(Boolean));
  }

  /** It waited for the turn before it, and was stopped together with that. */
  #renderNeverBegan(foot, turn) {
    if (foot.dataset.words === 'never') return;
    foot.dataset.words = 'never';
    foot.replaceChildren(this.#againButton(turn), h('span', {}, 'Stopped before it began'));
  }

  #againButton(turn) {
    return h('button.quiet', { type: 'button', onclick: () => this.onAgain(turn.asked.content) }, icon('again'), 'Ask again');
  }

  #resultsOf(turn) {
    return turn.steps.flatMap((step) => step.tool_calls ?? []).map((call) => this.results.get(call.id)).filter(Boolean);
  }

  /** While a tool ran, that is: a step that was cut says so itself. */
  #wasStopped(answer) {
    const traces = (answer.tool_calls ?? []).map((call) => this.state.traces.get(this.state.traceByCall.get(call.id) ?? ''));
    return traces.some((trace) => trace?.status === 'cancelled');
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

/** For readers who do not see the page: how the last turn ended. @param {Transcript} transcript */
export function endWords(transcript) {
  const turn = transcript.turns.findLast((one) => one.steps.length);
  const last = turn?.steps.at(-1);
  if (last?.status === 'failed') return `The turn failed. ${last.metadata?.error ?? ''}`;
  if (last?.status === 'cancelled') return 'The turn was stopped.';
  return 'The answer is complete.';
}

