/**
 * What the frames about the work around the messages do: chats, traces, output, approvals, builds, flows, battles, files.
 *
 * @typedef {import('./reducer.js').State} State
 * @typedef {import('./reducer.js').Changes} Changes
 * @typedef {import('./wire.js').Frame} Frame
 */

const ERRORS_KEPT = 100;
const PLACE = new Set(['type', 'channel', 'seq', 'ord']);

/** A frame's own fields, without its name and place in the log. @param {Frame} frame */
const body = (frame) => Object.fromEntries(Object.entries(frame).filter(([name]) => !PLACE.has(name)));

/** @param {string} id */
export const blankChat = (id) => ({
  id,
  name: '',
  model: '',
  agent: '',
  status: 'idle',
  usage: null,
  snapshot: null,
  compaction: null,
});

/** @param {State} state @param {string} id @param {object} fields @param {Changes} changes */
function updateChat(state, id, fields, changes) {
  state.chats.set(id, { ...(state.chats.get(id) ?? blankChat(id)), ...fields });
  changes.chats.add(id);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function chatCreated(state, { chat_id, name, model, agent }, changes) {
  updateChat(state, chat_id, { name, model, agent }, changes);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function chatRenamed(state, { chat_id, name, model, agent }, changes) {
  const told = Object.entries({ name, model, agent }).filter(([, value]) => typeof value === 'string');
  updateChat(state, chat_id, Object.fromEntries(told), changes);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function agentStatusUpdated(state, frame, changes) {
  updateChat(state, frame.chat_id, { status: frame.status }, changes);
  changes.milestones.add(frame.chat_id);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function agentSnapshot(state, frame, changes) {
  updateChat(state, frame.chat_id, { snapshot: frame.snapshot }, changes);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function usage(state, { chat_id, completion_tokens = null, ctx_used = null, ctx_max = null }, changes) {
  updateChat(state, chat_id, { usage: { completion_tokens, ctx_used, ctx_max } }, changes);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function compacted(state, { chat_id, before_tokens = null, after_tokens = null }, changes) {
  updateChat(state, chat_id, { compaction: { before_tokens, after_tokens } }, changes);
  changes.milestones.add(chat_id);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function toolTrace(state, { trace }, changes) {
  state.traces.set(trace.id, { ...state.traces.get(trace.id), ...trace });
  state.traceByCall.set(trace.tool_call_id, trace.id);
  changes.traces.add(trace.id);
  if (trace.status !== 'running' && state.outputs.delete(trace.tool_call_id)) changes.outputs.add(trace.tool_call_id);
}

/** A message that is taken back takes its calls along. @param {State} state @param {Frame} frame @param {Changes} changes */
export function forgetTraces(state, { message_ids }, changes) {
  for (const trace of state.traces.values()) {
    if (!message_ids.includes(trace.message_id)) continue;
    state.traces.delete(trace.id);
    state.traceByCall.delete(trace.tool_call_id);
    changes.traces.add(trace.id);
  }
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function toolOutput(state, { tool_call_id, chunk }, changes) {
  state.outputs.set(tool_call_id, (state.outputs.get(tool_call_id) ?? '') + chunk);
  changes.outputs.add(tool_call_id);
}

/** Asked and answered are one entry: `decision` and `by` are null while it waits. @param {State} state @param {Frame} frame @param {Changes} changes */
export function approval(state, frame, changes) {
  const known = state.approvals.get(frame.trace_id) ?? { decision: null, by: null };
  state.approvals.set(frame.trace_id, { ...known, ...body(frame) });
  changes.approvals.add(frame.trace_id);
}

/** The attempts of one build check, in order; attempt 1 begins another. @param {State} state @param {Frame} frame @param {Changes} changes */
export function buildResult(state, frame, changes) {
  const earlier = frame.attempt > 1 ? (state.builds.get(frame.chat_id) ?? []) : [];
  state.builds.set(frame.chat_id, [...earlier, body(frame)]);
  changes.builds.add(frame.chat_id);
  changes.milestones.add(frame.chat_id);
}

/** A frame about a flow's step is kept by its `step_id`; its other fields belong to the run. @param {State} state @param {Frame} frame @param {Changes} changes */
export function flowRun(state, frame, changes) {
  mergePart(state.flows, frame.run_id, frame, 'step_id', 'steps');
  changes.flows.add(frame.run_id);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function battle(state, frame, changes) {
  mergePart(state.battles, frame.battle_id, frame, 'contestant_id', 'contestants');
  changes.battles.add(frame.battle_id);
}

function mergePart(entries, id, frame, partKey, partsName) {
  const known = entries.get(id) ?? { [partsName]: {} };
  const part = frame[partKey];
  if (part === undefined) return entries.set(id, { ...known, ...body(frame) });
  const parts = { ...known[partsName], [part]: { ...known[partsName][part], ...body(frame) } };
  return entries.set(id, { ...known, [partsName]: parts });
}

/** Counts, so that the diff panel knows that it is stale. @param {State} state @param {Frame} frame @param {Changes} changes */
export function workspaceChanged(state, { project_id, paths }, changes) {
  state.workspace.set(project_id, (state.workspace.get(project_id) ?? 0) + 1);
  changes.workspace.add(project_id);
  for (const path of paths) changes.paths.add(path);
}

/** From the `error` channel, from the log, or in answer to something we said. @param {State} state @param {Frame} frame @param {Changes} changes */
export function error(state, frame, changes) {
  const { error: text, reason = null, chat_id = null, message_id = null } = frame;
  state.errors = [...state.errors, { error: text, reason, chat_id, message_id }].slice(-ERRORS_KEPT);
  changes.errors += 1;
}

/** A snapshot replaces what it holds. @param {State} state @param {Frame} frame @param {Changes} changes */
export function replaceWork(state, frame, changes) {
  if (frame.chats) replaceChats(state, frame.chats, changes);
  for (const id of state.traces.keys()) changes.traces.add(id);
  for (const id of state.outputs.keys()) changes.outputs.add(id);
  for (const id of state.approvals.keys()) changes.approvals.add(id);
  for (const entries of [state.traces, state.traceByCall, state.outputs, state.approvals]) entries.clear();
  for (const trace of frame.traces ?? []) toolTrace(state, { type: 'snapshot', trace }, changes);
  for (const asked of frame.approvals ?? []) approval(state, asked, changes);
  for (const [tool_call_id, chunk] of Object.entries(frame.outputs ?? {}))
    toolOutput(state, { type: 'snapshot', tool_call_id, chunk }, changes);
}

/** Usage, agent snapshot and compaction come in frames of their own and stay. */
function replaceChats(state, chats, changes) {
  const known = new Map(state.chats);
  for (const id of known.keys()) changes.chats.add(id);
  state.chats.clear();
  for (const chat of chats) {
    state.chats.set(chat.id, { ...blankChat(chat.id), ...known.get(chat.id), ...chat });
    changes.chats.add(chat.id);
  }
}
