/**
 * What a client knows of a session: frames in, state out. No DOM, no clock, no chance: the same frames make the same
 * state, and that state holds what the server's snapshot would hold.
 *
 * The containers of a state are changed in place, because a copy of 10,000 messages for each text delta would be most of
 * the work. The values in them (messages, chats, traces …) are never changed but replaced: a page may keep one and compare
 * by identity. What a frame touched is added to a `Changes`, which a page collects between two paints:
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
 */
import { MessageList } from './message_list.js';
import * as messages from './message_frames.js';
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
}

/** The state before any frame. @param {{id?: string, chats?: object[]}} [session] as REST gives it @returns {State} */
export function initial(session = {}) {
  const chats = (session.chats ?? []).map((chat) => [chat.id, { ...work.blankChat(chat.id), ...chat }]);
  return {
    session_id: session.id ?? '', epoch: null, ord: 0, heads: {},
    messages: new MessageList(), chats: new Map(chats),
    traces: new Map(), traceByCall: new Map(), outputs: new Map(), approvals: new Map(), builds: new Map(),
    flows: new Map(), battles: new Map(), errors: [], workspace: new Map(),
  };
}

const DELTAS = {
  text: messages.textDelta,
  tool_call: messages.toolCallDelta,
  tool_result: messages.toolResultDelta,
  status: messages.statusDelta,
  error: work.error,
};

const FRAMES = {
  channel_delta: (state, frame, changes) => DELTAS[frame.channel]?.(state, frame, changes),
  message_started: messages.messageStarted,
  delta: messages.wholeText,
  message_complete: messages.messageComplete,
  messages_deleted: (...told) => {
    messages.messagesDeleted(...told);
    work.forgetTraces(...told);
  },
  usage: work.usage,
  tool_trace_start: work.toolTrace,
  tool_trace_finish: work.toolTrace,
  tool_output: work.toolOutput,
  agent_snapshot: work.agentSnapshot,
  agent_status_updated: work.agentStatusUpdated,
  chat_created: work.chatCreated,
  chat_renamed: work.chatRenamed,
  compacted: work.compacted,
  approval_requested: work.approval,
  approval_resolved: work.approval,
  build_result: work.buildResult,
  workspace_changed: work.workspaceChanged,
  flow_run_started: work.flowRun,
  flow_run_step_updated: work.flowRun,
  battle_started: work.battle,
  contestant_updated: work.battle,
  battle_updated: work.battle,
  error: work.error,
  resumed: (state, frame) => { state.epoch = frame.epoch; },
  snapshot,
};

function snapshot(state, frame, changes) {
  changes.reloaded = true;
  state.epoch = frame.epoch ?? null;
  state.ord = frame.ord ?? 0;
  state.heads = { ...frame.heads };
  messages.replaceMessages(state, frame, changes);
  work.replaceWork(state, frame, changes);
}

function advance(state, { channel, seq, ord = state.ord }) {
  state.heads[channel] = seq + 1;
  state.ord = ord;
}

/**
 * Applies one frame, in place. Frames must come in order, each once (see sequencer.js); a type that is not known changes
 * the position only.
 *
 * @param {State} state
 * @param {Frame} frame
 * @param {Changes} [changes] added to
 * @returns {Changes}
 */
export function apply(state, frame, changes = new Changes()) {
  if (isLogged(frame)) advance(state, frame);
  if (Object.hasOwn(FRAMES, frame.type)) FRAMES[frame.type](state, frame, changes);
  return changes;
}

/** What the server's snapshot of this state would say, for comparison. @param {State} state */
export function toSnapshot(state) {
  const { epoch, heads, ord } = state;
  const chats = [...state.chats.values()].map(({ id, name, model, agent, status }) => ({ id, name, model, agent, status }));
  const open = [...state.approvals.values()].filter(({ decision }) => decision === null);
  const approvals = open.map(({ chat_id, trace_id, tool, input, reason, diff }) => ({ chat_id, trace_id, tool, input, reason, diff }));
  const traces = [...state.traces.values()];
  return { epoch, heads: { ...heads }, ord, messages: [...state.messages], chats, traces, approvals, outputs: Object.fromEntries(state.outputs) };
}
