/**
 * What the frames about messages do to the state. Each function puts a new object in the place of the message it changes.
 *
 * @typedef {import('./reducer.js').State} State
 * @typedef {import('./reducer.js').Changes} Changes
 * @typedef {import('./wire.js').Frame} Frame
 * @typedef {import('./message_list.js').Message} Message
 */

const FACTS = [
  'tokens_used',
  'ctx_used',
  'ctx_max',
  'cache_tokens',
  'reasoning_tokens',
  'model',
  'started_at',
  'finished_at',
];
const BIRTH_FACTS = ['session_id', 'turn_id', 'kind', 'status', 'content', 'created_at', ...FACTS];
const MESSAGE_STATUS = { running: 'streaming', waiting: 'streaming' };

/** A message of which nothing is known yet. @returns {Message} */
function blank(state, fields) {
  return {
    id: '',
    session_id: state.session_id,
    chat_id: '',
    turn_id: null,
    role: 'assistant',
    content: '',
    kind: 'message',
    tool_calls: null,
    tool_results: null,
    status: 'streaming',
    last_seq: 0,
    tokens_used: null,
    ctx_used: null,
    ctx_max: null,
    cache_tokens: null,
    reasoning_tokens: null,
    model: '',
    started_at: null,
    finished_at: null,
    created_at: null,
    metadata: {},
    ...fields,
  };
}

/** Everything below the head of the text channel is said: where an answer begins and ends, that is its `last_seq`. */
const textHead = (state, message) => (message.role === 'assistant' ? { last_seq: state.heads.text ?? 0 } : {});

/** The named fields that the frame brings; null says nothing. */
function brought(frame, names) {
  const facts = {};
  for (const name of names) if (frame[name] !== undefined && frame[name] !== null) facts[name] = frame[name];
  return facts;
}

/** @param {State} state @param {Message} message @param {Changes} changes */
function put(state, message, changes) {
  state.messages.put(message);
  changes.messages.add(message.id);
  changes.removed.delete(message.id);
}

/** Changes a message that is known; a frame about another one (deleted, say) has nothing to say. */
function update(state, id, changes, fieldsOf) {
  const message = state.messages.get(id);
  if (message) put(state, { ...message, ...fieldsOf(message) }, changes);
}

/** Metadata is merged by key: a frame names only what is new. */
function mergeMetadata(message, frame) {
  return frame.metadata ? { metadata: { ...message.metadata, ...frame.metadata } } : {};
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function messageStarted(state, frame, changes) {
  const known =
    state.messages.get(frame.message_id) ?? blank(state, { id: frame.message_id, ...textHead(state, frame) });
  const fields = { chat_id: frame.chat_id, role: frame.role, ...brought(frame, BIRTH_FACTS) };
  put(state, { ...known, ...fields, ...mergeMetadata(known, frame) }, changes);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function wholeText(state, frame, changes) {
  update(state, frame.message_id, changes, () => ({ content: frame.content }));
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function messageComplete(state, frame, changes) {
  update(state, frame.message_id, changes, (message) => ({
    status: frame.status,
    ...textHead(state, message),
    ...brought(frame, FACTS),
    ...mergeMetadata(message, frame),
  }));
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function messagesDeleted(state, frame, changes) {
  for (const id of frame.message_ids) {
    if (!state.messages.remove(id)) continue;
    changes.messages.delete(id);
    changes.removed.add(id);
  }
}

/** A delta below `last_seq` is in the text already: the message came with a snapshot taken later. @param {State} state @param {Frame} frame @param {Changes} changes */
export function textDelta(state, frame, changes) {
  update(state, frame.message_id, changes, (message) => {
    if (frame.seq < message.last_seq) return {};
    const last_seq = frame.seq + 1;
    if (frame.part !== 'reasoning') return { content: message.content + frame.content, last_seq };
    const reasoning = (message.metadata.reasoning ?? '') + frame.content;
    return { metadata: { ...message.metadata, reasoning }, last_seq };
  });
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function toolCallDelta(state, frame, changes) {
  update(state, frame.message_id, changes, (message) => {
    const others = (message.tool_calls ?? []).filter((call) => call.id !== frame.tool_call.id);
    return { tool_calls: [...others, frame.tool_call] };
  });
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function toolResultDelta(state, frame, changes) {
  const { tool_message_id: id, chat_id, tool_call_id, output, truncated } = frame;
  const known = state.messages.get(id) ?? blank(state, { id });
  const tool_results = { tool_call_id, output, truncated, ...brought(frame, ['error']) };
  const fields = {
    chat_id,
    role: 'tool',
    status: 'complete',
    tool_results,
    ...brought(frame, ['created_at', 'turn_id']),
  };
  put(state, { ...known, ...fields }, changes);
  if (state.outputs.delete(tool_call_id)) changes.outputs.add(tool_call_id);
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function statusDelta(state, frame, changes) {
  const id = frame.message_id;
  if (frame.status === 'running' && id && !state.messages.has(id)) {
    const fields = { id, chat_id: frame.chat_id, last_seq: state.heads.text ?? 0, ...brought(frame, ['created_at']) };
    put(state, blank(state, fields), changes);
  }
  const goesOn = Object.hasOwn(MESSAGE_STATUS, frame.status);
  update(state, id, changes, (message) => ({
    status: goesOn ? MESSAGE_STATUS[frame.status] : frame.status,
    ...(goesOn ? {} : textHead(state, message)),
    ...brought(frame, FACTS),
    ...mergeMetadata(message, frame),
  }));
}

/** @param {State} state @param {Frame} frame @param {Changes} changes */
export function replaceMessages(state, frame, changes) {
  for (const { id } of state.messages) changes.removed.add(id);
  state.messages.clear();
  for (const message of frame.messages) put(state, blank(state, message), changes);
}
