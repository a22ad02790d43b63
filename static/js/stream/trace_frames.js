/**
 * What the frames do to turns, their steps and calls. A turn grows by them; what they don't say (a turn's id and title,
 * what its results cost in context) is to be asked for once, when a turn begins and when it ends: `changes.outdated`
 * collects it.
 *
 * @typedef {import('./reducer.js').State} State
 * @typedef {import('./reducer.js').Changes} Changes
 * @typedef {import('./wire.js').Frame} Frame
 * @typedef {import('./trace_store.js').Turn} Turn
 * @typedef {import('./trace_store.js').Step} Step
 * @typedef {import('./trace_store.js').Call} Call
 */
import { lastLine } from '../ui/plain_text.js';
import { countChangedLines, summarizeInput } from './input_summary.js';
import { FAILED, moment } from './trace_store.js';

const STEP_STATUS = {
  complete: 'ok',
  failed: 'error',
  running: 'running',
  waiting: 'running',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
};

/** @param {State} state @param {Frame} frame */
const isFollowed = (state, { chat_id, trace }) => state.turns.followed.has(chat_id ?? trace?.chat_id);

/** @param {State} state @param {Frame} frame @param {Changes} changes @param {number} at when it came, ms since 1970 */
export function beginStep(state, frame, changes, at) {
  const { turns } = state;
  if (!isFollowed(state, frame) || !['user', 'assistant'].includes(frame.role)) return;
  const turn = frame.role === 'assistant' && turns.current(frame.chat_id);
  if (!turn) {
    changes.outdated.chats.add(frame.chat_id);
    return;
  }
  if (turn.status === 'queued') {
    turn.status = 'running';
    turn.started_at = frame.created_at;
  }
  changes.turns.add(turn.id);
  if (turn.stepMap.has(frame.message_id)) return;
  const number = Math.max(turn.steps, turn.lastStep?.number ?? 0) + 1;
  turns.putStep(turn, blankStep(frame.message_id, number, moment(frame.created_at) ?? at, turn.model));
  turn.steps = number;
}

/** @param {string} message_id @param {number} number @param {number} started @param {string} model @returns {Step} */
const blankStep = (message_id, number, started, model) => ({
  ...{ message_id, number, status: 'running', started, duration_ms: null, first_token_ms: null },
  ...{ prompt: null, completion: null, cache: null, reasoning: null, cost_usd: null },
  ...{ model, calls: 0, finish_reason: null, error: null },
});

/** A step's facts, from the status channel or with its end. @param {State} state @param {Frame} frame @param {Changes} changes */
export function updateStep(state, frame, changes) {
  const found = state.turns.step(frame.message_id);
  if (!found) return;
  const { turn, step } = found;
  const wasRunning = step.status === 'running';
  step.status = STEP_STATUS[frame.status] ?? step.status;
  if (frame.model) step.model = frame.model;
  step.started = moment(frame.started_at) ?? step.started;
  const finished = moment(frame.finished_at);
  if (finished !== null) step.duration_ms ??= Math.max(0, finished - step.started);
  const { prompt_tokens: prompt, completion_tokens: completion, cost_usd, finish_reason, error } = frame.metadata ?? {};
  const { cache_tokens: cache, reasoning_tokens: reasoning } = frame;
  const facts = { prompt, completion, cache, reasoning, cost_usd, finish_reason, error: error && lastLine(error) };
  for (const [name, value] of Object.entries(facts)) if (value !== undefined && value !== null) step[name] = value;
  if (wasRunning && step.status !== 'running') addUp(turn, step);
  changes.turns.add(turn.id);
}

/** The turn's sums grow with it; at its end the server's own replace them. @param {Turn} turn @param {Step} step */
function addUp(turn, step) {
  turn.model_ms += step.duration_ms ?? 0;
  for (const name of ['prompt', 'completion', 'cache', 'reasoning'])
    turn.tokens[name] = (turn.tokens[name] ?? 0) + (step[name] ?? 0);
  if (step.cost_usd === null) turn.unpriced_steps += 1;
  else turn.cost_usd = (turn.cost_usd ?? 0) + step.cost_usd;
}

/** Text or a tool call came: the first of a step ends its wait. @param {State} state @param {Frame} frame @param {Changes} changes @param {number} at */
export function noteToken(state, frame, changes, at) {
  const found = state.turns.step(frame.message_id);
  if (!found) return;
  const { turn, step } = found;
  const isCall = frame.channel === 'tool_call';
  if (isCall) step.calls += 1;
  if (isCall || step.first_token_ms === null) changes.turns.add(turn.id);
  step.first_token_ms ??= Math.max(0, at - step.started);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function noteError(state, frame, changes) {
  const found = state.turns.step(frame.message_id);
  if (!found) return;
  found.step.error = lastLine(frame.error);
  changes.turns.add(found.turn.id);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function putTrace(state, frame, changes) {
  if (!isFollowed(state, frame)) return;
  const { trace } = frame;
  const { turns } = state;
  if (!turns.has(trace.turn)) changes.outdated.chats.add(trace.chat_id);
  const turn = turns.stub(trace.turn, trace.chat_id);
  const known = turns.call(trace.id);
  if (!turn.stepMap.has(trace.message_id)) turns.putStep(turn, stepOf(trace));
  if (trace.status !== 'running' && known?.status === 'running') {
    turn.calls += 1;
    turn.failures += FAILED.has(trace.status) ? 1 : 0;
    turn.wait_ms += trace.wait_ms ?? 0;
    turn.tool_ms += Math.max(0, (trace.duration_ms ?? 0) - (trace.wait_ms ?? 0));
  }
  turns.putCall(callOf(trace, known));
  changes.turns.add(turn.id);
}

/** What a trace tells of the step that made the call. @param {any} trace @returns {Step} */
function stepOf(trace) {
  const started = (moment(trace.started_at) ?? 0) - (trace.model_ms ?? 0) - (trace.queue_ms ?? 0);
  const step = blankStep(trace.message_id, trace.step, started, trace.model);
  return { ...step, ...trace.tokens, cost_usd: trace.cost_usd, status: 'ok', duration_ms: trace.model_ms ?? 0 };
}

/** A trace of the wire as the API's tables would give it. @param {any} trace @param {Call|undefined} known @returns {Call} */
function callOf(trace, known) {
  const { id, message_id, turn, tool_call_id, tool, status, duration_ms, exit_code } = trace;
  const [added, removed] = countChangedLines(tool, trace.input);
  const running = status === 'running';
  const last_line = FAILED.has(status) ? lastLine(trace.error ?? '') || lastLine(trace.output ?? '') : null;
  return {
    ...{ id, message_id, turn, tool_call_id, tool, status, duration_ms, exit_code, last_line },
    ...{ started: moment(trace.started_at) ?? 0, queue_ms: trace.queue_ms ?? 0, wait_ms: trace.wait_ms ?? 0 },
    ...{ context_tokens: known?.context_tokens ?? null, carried_steps: known?.carried_steps ?? null },
    ...{ input: summarizeInput(trace.input), added: known?.added ?? added, removed: known?.removed ?? removed },
    ...{ said: running ? known?.said : '', asks: running && Boolean(known?.asks) },
  };
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function noteOutput(state, { tool_call_id, chunk }, changes) {
  const call = state.turns.runningCall(tool_call_id);
  if (!call) return;
  call.said = lastLine(chunk) || call.said;
  changes.turns.add(call.turn);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes @param {number} at */
export function noteApproval(state, { type, trace_id }, changes, at) {
  const asks = type === 'approval_requested';
  const call = state.turns.call(trace_id);
  if (!call) return;
  if (call.asks && !asks) call.wait_ms = Math.max(0, at - call.started);
  call.asks = asks && call.status === 'running';
  const turn = state.turns.get(call.turn);
  if (turn && ['running', 'waiting'].includes(turn.status)) turn.status = asks ? 'waiting' : 'running';
  changes.turns.add(call.turn);
}

/** A chat's status is its turn's while that works; when it ends, there is something to ask for. @param {State} state @param {Frame} frame @param {Changes} changes */
export function updateTurnStatus(state, frame, changes) {
  if (!isFollowed(state, frame)) return;
  const { chat_id, status } = frame;
  const turn = state.turns.current(chat_id);
  const works = status === 'running' || status === 'waiting';
  if (turn && works) turn.status = status;
  else if (turn) changes.outdated.turns.add(turn.id);
  if (!turn || !works) changes.outdated.chats.add(chat_id);
  if (turn) changes.turns.add(turn.id);
}

/** A turn is over, while another may already wait: the server has its sums. @param {State} state @param {Frame} frame @param {Changes} changes */
export function endTurn(state, frame, changes) {
  const turn = isFollowed(state, frame) && state.turns.get(frame.turn_id);
  if (!turn) return;
  turn.status = frame.status;
  changes.turns.add(turn.id);
  changes.outdated.turns.add(turn.id);
}

/** History was taken back or replaced. @param {State} _state @param {Frame} _frame @param {Changes} changes */
export function outdateAll(_state, _frame, changes) {
  changes.outdated.all = true;
}
