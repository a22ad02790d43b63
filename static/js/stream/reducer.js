/**
 * What a client knows of a session: frames in, state out. No DOM, no clock, no chance: the same frames make the same
 * state, and that state holds what the server's snapshot would hold.
 *
 * The containers of a state are changed in place, because a copy of 10,000 messages for each text delta would be most of
 * the work. The values in them (messages, chats, traces …) are never changed but replaced: a page may keep one and compare
 * by identity; only turns, with their steps and calls, grow in place. What a frame touched is added to a `Changes`, which a page collects between two paints:
 *
 *     let changes = new Changes();
 *     connection = new Connection({ onFrames: (frames) => frames.forEach((frame) => apply(state, frame, changes)) });
 *     // at the next animation frame: render `changes`, then `changes = new Changes()`
 *
 * @typedef {import('./wire.js').Frame} Frame
 * @typedef {import('./message_list.js').Message} Message
 *
 * @typedef {object} Chat
 * @property {string} id
 * @property {string} name
 * @property {string} model
 * @property {string} agent
 * @property {'idle'|'running'|'waiting'|'interrupted'|'error'} status
 * @property {{completion_tokens: number|null, ctx_used: number|null, ctx_max: number|null}|null} usage
 * @property {object|null} snapshot the agent snapshot
 * @property {{before_tokens: number|null, after_tokens: number|null}|null} compaction the last one
 *
 * @typedef {object} State
 * @property {string} session_id
 * @property {string|null} epoch
 * @property {number} ord the last entry applied
 * @property {Record<string, number>} heads next seq by channel
 * @property {MessageList} messages in order: iterate, `get(id)`, `at(index)`, `indexOf(id)`, `size`; fields as in
 *   PROTOCOL.md, the reasoning text in `metadata.reasoning`
 * @property {Map<string, Chat>} chats by id
 * @property {Map<string, object>} traces by id
 * @property {Map<string, string>} traceByCall trace id by tool_call_id
 * @property {Map<string, string>} outputs what a running command said so far, by tool_call_id; gone once it has ended
 * @property {Map<string, object>} approvals by trace id: {chat_id, trace_id, tool, input, decision, by}
 * @property {Map<string, object[]>} builds the attempts of the last build check, by chat id
 * @property {Map<string, object>} flows by run id; `steps` by step id
 * @property {Map<string, object>} battles by battle id; `contestants` by contestant id
 * @property {{error: string, reason: string|null, chat_id: string|null, message_id: string|null}[]} errors newest last
 * @property {Map<string, number>} workspace how often a project's files changed, by project id
 * @property {TraceStore} turns with their steps and calls, of the chats that are followed
 */
import { MessageList } from './message_list.js';
import * as messages from './message_frames.js';
import * as turns from './trace_frames.js';
import { TraceStore } from './trace_store.js';
import * as work from './work_frames.js';
import { isLogged } from './sequencer.js';

/** What was touched, by id. `removed` are messages that are gone; `messages` holds added and changed ones. */
export class Changes {
  messages = new Set();
  removed = new Set();
  chats = new Set();
  traces = new Set();
  /** tool_call_ids */
  outputs = new Set();
  approvals = new Set();
  builds = new Set();
  flows = new Set();
  battles = new Set();
  workspace = new Set();
  paths = new Set();
  /** how many were added */
  errors = 0;
  /** a snapshot replaced everything */
  reloaded = false;
  /** chats whose timeline may tell more now: a turn began, ended, asks, was checked or compacted */
  milestones = new Set();
  /** turns that are followed */
  turns = new Set();
  /** what is to be asked for, because the frames do not tell it: chats with new turns, turns, or all */
  outdated = { chats: new Set(), turns: new Set(), all: false };
}

/** The state before any frame. @param {{id?: string, chats?: any[]}} [session] as REST gives it @returns {State} */
export function initial(session = {}) {
  /** @type {Map<string, Chat>} */
  const chats = new Map();
  for (const chat of session.chats ?? []) chats.set(chat.id, { ...work.blankChat(chat.id), ...chat });
  return {
    session_id: session.id ?? '',
    epoch: null,
    ord: 0,
    heads: {},
    messages: new MessageList(),
    chats,
    traces: new Map(),
    traceByCall: new Map(),
    outputs: new Map(),
    approvals: new Map(),
    builds: new Map(),
    flows: new Map(),
    battles: new Map(),
    errors: [],
    workspace: new Map(),
    turns: new TraceStore(),
  };
}

/** @typedef {(state: State, frame: Frame, changes: Changes, at: number) => void} Handler */

/** What the deltas of each channel do. @type {Record<string, Handler[]>} */
const DELTAS = {
  text: [messages.textDelta, turns.noteToken],
  tool_call: [messages.toolCallDelta, turns.noteToken],
  tool_result: [messages.toolResultDelta],
  status: [messages.statusDelta, turns.updateStep],
  error: [work.error, turns.noteError],
};

/** What the frames of each type do. @type {Record<string, Handler[]>} */
const FRAMES = {
  message_started: [messages.messageStarted, turns.beginStep],
  delta: [messages.wholeText],
  message_complete: [messages.messageComplete, turns.updateStep],
  messages_deleted: [messages.messagesDeleted, work.forgetTraces, turns.outdateAll],
  usage: [work.usage],
  tool_trace_start: [work.toolTrace, turns.putTrace],
  tool_trace_finish: [work.toolTrace, turns.putTrace],
  tool_output: [work.toolOutput, turns.noteOutput],
  agent_snapshot: [work.agentSnapshot],
  agent_status_updated: [work.agentStatusUpdated, turns.updateTurnStatus],
  // The chat's status, in the same commit, tells that it began.
  turn_started: [],
  turn_finished: [turns.endTurn],
  chat_created: [work.chatCreated],
  chat_renamed: [work.chatRenamed],
  compacted: [work.compacted],
  approval_requested: [work.approval, turns.noteApproval],
  approval_resolved: [work.approval, turns.noteApproval],
  build_result: [work.buildResult],
  workspace_changed: [work.workspaceChanged],
  flow_run_started: [work.flowRun],
  flow_run_step_updated: [work.flowRun],
  battle_started: [work.battle],
  contestant_updated: [work.battle],
  battle_updated: [work.battle],
  error: [work.error],
  resumed: [takeEpoch],
  snapshot: [takePosition, messages.replaceMessages, work.replaceWork, turns.outdateAll],
};

/** @param {State} state @param {Frame} frame */
function takeEpoch(state, frame) {
  state.epoch = frame.epoch;
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
function takePosition(state, frame, changes) {
  changes.reloaded = true;
  state.epoch = frame.epoch ?? null;
  state.ord = frame.ord ?? 0;
  state.heads = { ...frame.heads };
}

/** @param {State} state @param {Frame} frame */
function advance(state, { channel = '', seq = 0, ord = state.ord }) {
  state.heads[channel] = seq + 1;
  state.ord = ord;
}

/** @param {Frame} frame @returns {Handler[]} */
function handlersOf({ type, channel = '' }) {
  const [handlers, name] = type === 'channel_delta' ? [DELTAS, channel] : [FRAMES, type];
  return Object.hasOwn(handlers, name) ? handlers[name] : [];
}

/**
 * Applies one frame, in place. Frames must come in order, each once (see sequencer.js); a type that is not known changes
 * the position only.
 *
 * @param {State} state
 * @param {Frame} frame
 * @param {Changes} [changes] added to
 * @param {number} [at] when it came, in ms since 1970: for times that the frames do not tell
 * @returns {Changes}
 */
export function apply(state, frame, changes = new Changes(), at = 0) {
  if (isLogged(frame)) advance(state, frame);
  for (const handle of handlersOf(frame)) handle(state, frame, changes, at);
  return changes;
}

/** What the server's snapshot of this state would say, for comparison. @param {State} state */
export function toSnapshot(state) {
  const { epoch, heads, ord } = state;
  const chats = [...state.chats.values()].map(({ id, name, model, agent, status }) => ({
    id,
    name,
    model,
    agent,
    status,
  }));
  const open = [...state.approvals.values()].filter(({ decision }) => decision === null);
  const approvals = open.map(({ chat_id, trace_id, tool, input, reason, diff }) => ({
    chat_id,
    trace_id,
    tool,
    input,
    reason,
    diff,
  }));
  const traces = [...state.traces.values()];
  return {
    epoch,
    heads: { ...heads },
    ord,
    messages: [...state.messages],
    chats,
    traces,
    approvals,
    outputs: Object.fromEntries(state.outputs),
  };
}
