/**
 * A server as PROTOCOL.md describes it, small enough to be right by reading: rows, a log, and sockets whose frames may be
 * dropped, doubled, swapped and cut. Its rows are kept by its own hand, not by the client's reducer.
 */

const pad = (number) => String(number).padStart(6, '0');

export class SimulatedServer {
  constructor(random) {
    this.random = random;
    this.epochs = 0;
    this.messages = new Map();
    this.chats = new Map();
    this.traces = new Map();
    this.sockets = new Set();
    this.made = 0;
    this.faults = { drop: 0, double: 0, swap: 0 };
    this.#beginEpoch({});
    for (const id of ['c1', 'c2'])
      this.chats.set(id, { id, name: '', model: 'scripted', agent: 'build', status: 'idle' });
  }

  // --- What happens in the session ------------------------------------------------------------------

  chance(probability) {
    return this.random() < probability;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  /** One thing that a turn does. */
  act() {
    const open = [...this.messages.values()].filter((message) => message.status === 'streaming');
    const acts = [this.#ask, this.#begin, this.#rename, this.#status];
    if (open.length)
      acts.push(...Array(12).fill(this.#say), this.#call, this.#call, this.#result, this.#finish, this.#output);
    if (this.messages.size > 6) acts.push(this.#delete);
    this.pick(acts).call(this, open.length ? this.pick(open) : null);
  }

  #ask() {
    const { id, chat_id } = this.#row('user', `question ${this.made}`, 'complete');
    this.#append({ type: 'message_started', message_id: id, chat_id, role: 'user', created_at: 'then' });
    this.#append({ type: 'delta', message_id: id, content: this.messages.get(id).content });
    this.#append({ type: 'message_complete', message_id: id, chat_id, status: 'complete' });
  }

  #begin() {
    const row = this.#row('assistant', '', 'streaming');
    row.model = 'scripted';
    row.last_seq = this.heads.text ?? 0;
    if (this.chance(0.5))
      this.#append({
        type: 'message_started',
        message_id: row.id,
        chat_id: row.chat_id,
        role: 'assistant',
        created_at: 'then',
      });
    this.#delta('status', row, { status: 'running', model: 'scripted', created_at: 'then' });
  }

  #say(row) {
    const content = `${this.made++} `;
    const part = this.chance(0.2) ? 'reasoning' : 'text';
    row.last_seq = this.#delta('text', row, { content, part }).seq + 1;
    if (part === 'text') row.content += content;
    else row.metadata = { ...row.metadata, reasoning: (row.metadata.reasoning ?? '') + content };
  }

  #call(row) {
    const call = { id: `call_${this.made++}`, name: 'read_file', args: { n: this.made } };
    row.tool_calls = [...(row.tool_calls ?? []), call];
    this.#delta('tool_call', row, { tool_call: call });
    const trace = { id: `t${call.id}`, tool_call_id: call.id, tool: 'read_file', status: 'running' };
    this.traces.set(trace.id, trace);
    this.#append({ type: 'tool_trace_start', chat_id: row.chat_id, message_id: row.id, trace: { ...trace } });
  }

  #result(row) {
    const call = row.tool_calls?.at(-1);
    if (!call) return;
    const trace = { ...this.traces.get(`t${call.id}`), status: 'ok', duration_ms: 3 };
    this.traces.set(trace.id, trace);
    this.#append({ type: 'tool_trace_finish', chat_id: row.chat_id, message_id: row.id, trace });
    const results = {
      tool_call_id: call.id,
      output: `out ${this.made}`,
      truncated: false,
      ...(this.chance(0.3) ? { error: 'no' } : {}),
    };
    const made = this.#row('tool', '', 'complete', row.chat_id);
    made.tool_results = results;
    this.#delta('tool_result', row, { tool_message_id: made.id, ...results, created_at: 'then' });
  }

  #output(row) {
    this.#append({ type: 'tool_output', chat_id: row.chat_id, tool_call_id: 'x', chunk: 'line\n' });
  }

  #finish(row) {
    row.status = this.pick(['complete', 'cancelled', 'failed', 'interrupted']);
    row.tokens_used = this.made;
    row.last_seq = this.heads.text ?? 0;
    row.metadata = { ...row.metadata, finish: row.status };
    this.#append({
      type: 'message_complete',
      message_id: row.id,
      chat_id: row.chat_id,
      status: row.status,
      tokens_used: row.tokens_used,
      metadata: { finish: row.status },
    });
  }

  #delete() {
    const ids = [...this.messages.keys()].filter(() => this.chance(0.3));
    for (const id of ids) this.messages.delete(id);
    this.#append({ type: 'messages_deleted', message_ids: ids, chat_id: 'c1' });
  }

  #rename() {
    const chat = this.chats.get(this.pick(['c1', 'c2']));
    chat.name = `name ${this.made++}`;
    this.#append({ type: 'chat_renamed', chat_id: chat.id, name: chat.name });
  }

  #status() {
    const chat = this.chats.get(this.pick(['c1', 'c2']));
    chat.status = this.pick(['idle', 'running', 'waiting', 'error']);
    this.#append({ type: 'agent_status_updated', chat_id: chat.id, status: chat.status });
  }

  #row(role, content, status, chat_id = this.pick(['c1', 'c2'])) {
    const row = {
      id: `m${pad(this.made++)}`,
      session_id: 's1',
      chat_id,
      turn_id: null,
      role,
      content,
      kind: 'message',
      tool_calls: null,
      tool_results: null,
      status,
      last_seq: 0,
      tokens_used: null,
      ctx_used: null,
      ctx_max: null,
      cache_tokens: null,
      reasoning_tokens: null,
      model: '',
      started_at: null,
      finished_at: null,
      created_at: 'then',
      metadata: {},
    };
    this.messages.set(row.id, row);
    return row;
  }

  // --- The log --------------------------------------------------------------------------------------

  #beginEpoch(heads) {
    this.epoch = `epoch-${++this.epochs}`;
    this.log = [];
    this.heads = heads;
    this.ord = this.ord ?? 0;
  }

  /** History is rewritten: some messages are gone, and the log starts anew. */
  rewrite() {
    for (const id of [...this.messages.keys()]) if (this.chance(0.5)) this.messages.delete(id);
    if (this.chance(0.5)) return this.#beginEpoch({ ...this.heads });
    for (const row of this.messages.values()) row.last_seq = 0; // the channels count from 0 again
    return this.#beginEpoch({});
  }

  /** The log keeps only its newest entries. */
  prune() {
    this.log = this.log.slice(-20);
  }

  #delta(channel, row, fields) {
    return this.#append({ type: 'channel_delta', channel, chat_id: row.chat_id, message_id: row.id, ...fields });
  }

  #append(fields) {
    const channel = fields.channel ?? 'event';
    const seq = this.heads[channel] ?? 0;
    this.heads = { ...this.heads, [channel]: seq + 1 };
    const frame = { ...fields, channel, seq, ord: ++this.ord };
    this.log.push(frame);
    for (const socket of this.sockets) if (socket.resumed) this.#queue(socket, frame);
    return frame;
  }

  get state() {
    const { epoch, heads, ord } = this;
    return {
      epoch,
      heads,
      ord,
      messages: [...this.messages.values()],
      chats: [...this.chats.values()],
      traces: [...this.traces.values()],
    };
  }

  // --- Sockets --------------------------------------------------------------------------------------

  /** What a client says. */
  receive(socket, frame) {
    if (frame.type !== 'reconnect') return;
    socket.resumed = true;
    const missed = this.#missed(frame.lastSeqPerChannel, frame.epoch);
    const { epoch, heads, ord } = this;
    this.#queue(socket, {
      type: 'resumed',
      recovered: missed !== null,
      epoch,
      heads,
      ord,
      replayed: missed?.length ?? 0,
    });
    for (const entry of missed ?? [{ type: 'snapshot', ...this.state }]) this.#queue(socket, entry);
  }

  #missed(positions, epoch) {
    if (epoch !== this.epoch) return null;
    const isAhead = Object.entries(positions).some(([channel, seq]) => seq > (this.heads[channel] ?? 0));
    const missed = this.log.filter((entry) => entry.seq >= (positions[entry.channel] ?? 0));
    const wanted = Object.entries(this.heads).reduce(
      (sum, [channel, head]) => sum + head - (positions[channel] ?? 0),
      0,
    );
    return isAhead || missed.length !== wanted ? null : missed;
  }

  heartbeat() {
    const { epoch, heads, ord } = this;
    for (const socket of this.sockets)
      if (socket.resumed) this.#queue(socket, { type: 'heartbeat', epoch, heads, ord });
  }

  /** Frames are frozen as text here: what happens later does not change what was sent. */
  #queue(socket, frame) {
    const text = JSON.stringify(frame);
    if (this.chance(this.faults.drop)) return;
    socket.queue.push(text);
    if (this.chance(this.faults.double)) socket.queue.push(text);
    if (this.chance(this.faults.swap) && socket.queue.length > 1)
      socket.queue.splice(Math.floor(this.random() * socket.queue.length), 0, socket.queue.pop());
  }

  /** The WebSocket class of this server's clients. */
  get Socket() {
    const server = this;
    return class {
      readyState = 0;
      queue = [];
      resumed = false;

      constructor() {
        server.sockets.add(this);
      }

      send(text) {
        server.receive(this, JSON.parse(text));
      }

      close() {
        this.readyState = 3;
        server.sockets.delete(this);
      }

      /** Opens, or delivers up to `count` frames; after a cut too, as a network does. */
      pump(count) {
        if (this.readyState === 0) {
          this.readyState = 1;
          this.onopen({});
        }
        for (const text of this.queue.splice(0, count)) this.onmessage({ data: text });
      }

      cut(code = 1006) {
        this.readyState = 3;
        server.sockets.delete(this);
        this.onclose({ code });
      }
    };
  }
}
