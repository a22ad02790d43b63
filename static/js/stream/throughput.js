/**
 * How fast a chat's model writes, in tokens per second. Pure: every time is given, in ms.
 *
 * Providers tell the exact count only now and then (`usage`: completion tokens of the step so far), the text comes all
 * the time. So tokens are estimated from the text, and each exact count corrects both the estimate of its step and how
 * many characters the model puts into a token.
 *
 * @typedef {import('./wire.js').Frame} Frame
 *
 * @typedef {object} ChatRate
 * @property {{at: number, tokens: number, message_id: string}[]} samples within the window
 * @property {number} charsPerToken
 * @property {number} stepChars text of the step so far
 * @property {number} stepTokens what the samples of the step add up to
 * @property {string|null} message_id the step's message
 */

const WINDOW_MS = 5_000;
const SHORTEST_SPAN_MS = 500; // a rate over less is noise
const USUAL_CHARS_PER_TOKEN = 4;
const LEAST_CHARS_TO_LEARN = 200;

export class Throughput {
  /** @param {number} [window_ms] over how long the rate is smoothed */
  constructor(window_ms = WINDOW_MS) {
    this.window_ms = window_ms;
    /** @type {Map<string, ChatRate>} */
    this.chats = new Map();
  }

  /** Takes note of a frame; most are of no interest. @param {Frame} frame @param {number} at */
  observe(frame, at) {
    if (frame.type === 'usage') this.#count(this.#chat(frame.chat_id), frame.completion_tokens, at);
    else if (frame.type === 'channel_delta' && frame.channel === 'text')
      this.#text(this.#chat(frame.chat_id), frame, at);
  }

  /**
   * @param {string} chat_id
   * @param {number} at
   * @returns {number|null} tokens per second over the window; null where too little was said to tell
   */
  rate(chat_id, at) {
    const chat = this.chats.get(chat_id);
    if (!chat) return null;
    this.#forget(chat, at);
    if (!chat.samples.length) return null;
    const span = at - chat.samples[0].at;
    if (span < SHORTEST_SPAN_MS) return null;
    // The first sample marks the beginning: its tokens were made before it.
    const tokens = chat.samples.slice(1).reduce((sum, sample) => sum + sample.tokens, 0);
    return Math.max(0, (tokens * 1000) / span);
  }

  #chat(id) {
    let chat = this.chats.get(id);
    if (!chat) {
      chat = { samples: [], charsPerToken: USUAL_CHARS_PER_TOKEN, stepChars: 0, stepTokens: 0, message_id: null };
      this.chats.set(id, chat);
    }
    return chat;
  }

  #text(chat, frame, at) {
    if (frame.message_id !== chat.message_id)
      Object.assign(chat, { message_id: frame.message_id, stepChars: 0, stepTokens: 0 });
    chat.stepChars += frame.content.length;
    this.#add(chat, frame.content.length / chat.charsPerToken, at);
  }

  #count(chat, tokens, at) {
    if (!(tokens > 0) || chat.stepTokens === 0) return;
    if (chat.stepChars >= LEAST_CHARS_TO_LEARN)
      chat.charsPerToken = Math.min(12, Math.max(0.5, chat.stepChars / tokens));
    const factor = tokens / chat.stepTokens;
    for (const sample of chat.samples) if (sample.message_id === chat.message_id) sample.tokens *= factor;
    chat.stepTokens = tokens;
    this.#forget(chat, at);
  }

  #add(chat, tokens, at) {
    this.#forget(chat, at);
    chat.stepTokens += tokens;
    chat.samples.push({ at, tokens, message_id: chat.message_id });
  }

  #forget(chat, at) {
    const first = chat.samples.findIndex((sample) => sample.at > at - this.window_ms);
    chat.samples.splice(0, first < 0 ? chat.samples.length : first);
  }
}
