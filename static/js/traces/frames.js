/**
 * What the session's frames tell the viewer. A turn grows by them; what they don't say (a turn's id and title, what its
 * results cost in context) is asked for once, when a turn begins and when it ends: `stale` collects what to ask. No DOM.
 *
 * @typedef {import('./book.js').Book} Book
 * @typedef {import('../wire.js').Frame} Frame
 * @typedef {{chats: Set<string>, turns: Set<string>, all: boolean}} Stale chats with turns unknown here, turns to renew
 */
import { lastLine } from '../ui/plaintext.js';
import { FAILED, moment } from './book.js';
import { changedLines, wordsOf } from './inputwords.js';

const STEP_STATUS = { complete: 'ok', failed: 'error', running: 'running', waiting: 'running', cancelled: 'cancelled', interrupted: 'interrupted' };

/** @param {Book} book @param {Frame} frame @param {Stale} stale @returns {boolean} whether anything changed */
export function hear(book, frame, stale) {
  const listener = frame.type === 'channel_delta' ? DELTAS[frame.channel] : FRAMES[frame.type];
  return Boolean(listener) && listener(book, frame, stale) !== false;
}

const FRAMES = {
  message_started: messageStarted,
  message_complete: stepTold,
  messages_deleted: (book, frame, stale) => { stale.all = true; },
  tool_trace_start: traceTold,
  tool_trace_finish: traceTold,
  tool_output: outputTold,
  agent_status_updated: statusTold,
  approval_requested: (book, frame) => setAsks(book, frame.trace_id, true),
  approval_resolved: (book, frame) => setAsks(book, frame.trace_id, false),
  snapshot: (book, frame, stale) => { stale.all = true; },
};

const DELTAS = {
  status: stepTold,
  text: firstToken,
  tool_call: firstToken,
  error: (book, frame) => {
    const step = stepOf(book, frame);
    if (step) step.error = lastLine(frame.error);
  },
};

/** @param {Book} book @param {Frame} frame */
function stepOf(book, { chat_id, message_id }) {
  const current = book.current(chat_id);
  if (current?.stepMap.has(message_id)) return current.stepMap.get(message_id);
  return book.ordered(chat_id).find((turn) => turn.stepMap.has(message_id))?.stepMap.get(message_id);
}

function messageStarted(book, frame, stale) {
  if (frame.role === 'user') {
    stale.chats.add(frame.chat_id);
    return false;
  }
  if (frame.role !== 'assistant') return false;
  const turn = book.current(frame.chat_id);
  if (!turn) {
    stale.chats.add(frame.chat_id);
    return false;
  }
  const started = moment(frame.created_at) ?? Date.now();
  if (turn.status === 'queued') Object.assign(turn, { status: 'running', started_at: frame.created_at });
  if (turn.stepMap.has(frame.message_id)) return false;
  book.putStep(turn, blankStep(frame.message_id, Math.max(turn.steps, turn.lastStep?.number ?? 0) + 1, started, turn.model));
  turn.steps = turn.lastStep.number;
}

const blankStep = (message_id, number, started, model) => ({
  message_id, number, status: 'running', started, duration_ms: null, first_token_ms: null, prompt: null, completion: null, cache: null,
  reasoning: null, cost_usd: null, model, calls: 0, finish_reason: null, error: null,
});

/** A step's facts, from the status channel or with its end. */
function stepTold(book, frame) {
  const step = stepOf(book, frame);
  if (!step) return false;
  const wasRunning = step.status === 'running';
  step.status = STEP_STATUS[frame.status] ?? step.status;
  if (frame.model) step.model = frame.model;
  if (frame.started_at) step.started = moment(frame.started_at);
  if (frame.finished_at && step.duration_ms === null) step.duration_ms = Math.max(0, moment(frame.finished_at) - step.started);
  const told = frame.metadata ?? {};
  const facts = {
    prompt: told.prompt_tokens, completion: told.completion_tokens, cache: frame.cache_tokens, reasoning: frame.reasoning_tokens,
    cost_usd: told.cost_usd, finish_reason: told.finish_reason, error: told.error && lastLine(told.error),
  };
  for (const [name, value] of Object.entries(facts)) if (value !== undefined && value !== null) step[name] = value;
  if (wasRunning && step.status !== 'running') addUp(book.current(frame.chat_id), step);
}

/** The turn's sums grow with it; at its end the server's own replace them. */
function addUp(turn, step) {
  if (!turn) return;
  turn.model_ms += step.duration_ms ?? 0;
  for (const name of ['prompt', 'completion', 'cache', 'reasoning']) turn.tokens[name] = (turn.tokens[name] ?? 0) + (step[name] ?? 0);
  if (step.cost_usd === null) turn.unpriced_steps += 1;
  else turn.cost_usd = (turn.cost_usd ?? 0) + step.cost_usd;
}

function firstToken(book, frame) {
  const turn = book.current(frame.chat_id);
  const step = turn?.stepMap.get(frame.message_id);
  if (frame.channel === 'tool_call' && step) step.calls += 1;
  if (!step || step.first_token_ms !== null) return frame.channel === 'tool_call';
  step.first_token_ms = Math.max(0, Date.now() - step.started);
}

function traceTold(book, { trace }, stale) {
  if (!book.turns.has(trace.turn)) {
    book.stub(trace.turn, trace.chat_id);
    stale.chats.add(trace.chat_id);
  }
  const turn = book.turns.get(trace.turn);
  const known = book.call(trace.id);
  const ended = trace.status !== 'running';
  if (!turn.stepMap.has(trace.message_id)) {
    book.putStep(turn, { ...blankStep(trace.message_id, trace.step, moment(trace.started_at), trace.model), ...tokensOf(trace), status: 'ok', duration_ms: trace.model_ms ?? 0 });
    const step = turn.stepMap.get(trace.message_id);
    step.started -= (trace.model_ms ?? 0) + (trace.queue_ms ?? 0);
  }
  if (ended && known?.status === 'running') {
    turn.calls += 1;
    turn.failures += FAILED.has(trace.status) ? 1 : 0;
    turn.wait_ms += trace.wait_ms ?? 0;
    turn.tool_ms += Math.max(0, (trace.duration_ms ?? 0) - (trace.wait_ms ?? 0));
  }
  book.putCall(callOf(trace, known));
}

const tokensOf = ({ tokens = {}, cost_usd }) => ({ ...tokens, cost_usd });

/** A trace of the wire as the outline would give it. */
function callOf(trace, known) {
  const [added, removed] = changedLines(trace.tool, trace.input);
  const failed = FAILED.has(trace.status);
  return {
    id: trace.id, message_id: trace.message_id, turn: trace.turn, tool_call_id: trace.tool_call_id, tool: trace.tool, status: trace.status,
    started: moment(trace.started_at), duration_ms: trace.duration_ms, queue_ms: trace.queue_ms ?? 0, wait_ms: trace.wait_ms ?? 0,
    exit_code: trace.exit_code, output_bytes: trace.output_bytes, context_tokens: known?.context_tokens ?? null, carried_steps: known?.carried_steps ?? null,
    input: wordsOf(trace.input), added: known?.added ?? added, removed: known?.removed ?? removed, said: trace.status === 'running' ? known?.said : '',
    asks: trace.status === 'running' && Boolean(known?.asks),
    last_line: failed ? lastLine(trace.error ?? '') || lastLine(trace.output ?? '') : null,
  };
}

function outputTold(book, { tool_call_id, chunk }) {
  const call = book.running.get(tool_call_id);
  if (!call) return false;
  call.said = lastLine(chunk) || call.said;
}

function setAsks(book, id, asks) {
  const call = book.call(id);
  if (!call) return false;
  if (call.asks && !asks) call.wait_ms = Math.max(0, Date.now() - call.started);
  call.asks = asks && call.status === 'running';
  const turn = book.turns.get(call.turn);
  if (turn && ['running', 'waiting'].includes(turn.status)) turn.status = asks ? 'waiting' : 'running';
}

function statusTold(book, { chat_id, status }, stale) {
  const turn = book.current(chat_id);
  if (status === 'running' || status === 'waiting') {
    if (turn) turn.status = status;
    else stale.chats.add(chat_id);
    return;
  }
  if (turn) stale.turns.add(turn.id);
  stale.chats.add(chat_id);
}
