/**
 * The messages of a chat as turns: what the person wrote, and what the agent did about it. A message written while a turn
 * runs has a turn of its own, which stands at the end until its time comes. Pure.
 *
 * @typedef {import('../../stream/message_list.js').Message} Message
 * @typedef {object} Turn
 * @property {string} id of its first message
 * @property {string|null} turnId as the server calls it
 * @property {Message|null} asked what the person wrote
 * @property {Message[]} steps what the agent and the system said, in order
 * @property {boolean} ended nothing more comes of it
 */

import { isScripted } from '../format.js';

const ENDS = new Set(['cancelled', 'failed']);

/**
 * @param {Iterable<Message>} messages in order
 * @param {string} chatId
 * @param {string|null} [endedId] the last turn of which the server said that it ended; those before it have, too
 * @param {string|null} [runningId] the turn that it works on: after the last answer its check may still run
 * @returns {Turn[]}
 */
export function turnsOf(messages, chatId, endedId = null, runningId = null) {
  /** @type {Map<string|null, Turn>} */
  const byTurn = new Map();
  /** @type {Turn[]} */
  const turns = [];
  for (const message of messages) {
    if (message.chat_id !== chatId || message.role === 'tool') continue;
    const turnId = message.turn_id ?? null;
    let turn = turnId ? byTurn.get(turnId) : turns.at(-1);
    if (!turn) {
      turn = { id: message.id, turnId, asked: null, steps: [], ended: false };
      turns.push(turn);
      byTurn.set(turnId, turn);
    }
    if (message.role === 'user' && !turn.asked && !turn.steps.length) turn.asked = message;
    else turn.steps.push(message);
    if (message.role === 'assistant') turn.ended = isEnd(message);
  }
  const lastBegun = turns.findLastIndex((turn) => turn.steps.length > 0);
  const lastEnded = Math.max(
    turns.findIndex((turn) => endedId && turn.turnId === endedId),
    lastBegun - 1,
  );
  for (const turn of turns.slice(0, lastEnded + 1)) turn.ended = true;
  for (const turn of turns) if (runningId && turn.turnId === runningId) turn.ended = false;
  return turns;
}

/** After an answer without tool calls, or a step that was cut for good, the agent goes no further. @param {Message} step */
function isEnd(step) {
  return ENDS.has(step.status) || (step.status === 'complete' && !step.tool_calls?.length);
}

/**
 * What answers used: for tokens and cost the sum of what is known, and of how many answers it is not. Nothing is guessed.
 * @param {Iterable<Message>} messages
 */
export function usageOf(messages) {
  const answers = [...messages].filter((message) => message.role === 'assistant' && message.finished_at);
  const sum = (value) => {
    const known = answers.map(value).filter((part) => part !== null && part !== undefined);
    return { known: known.reduce((total, part) => total + Number(part), 0), unknown: answers.length - known.length };
  };
  return { answers: answers.length, tokens: sum((answer) => answer.tokens_used), cost: sum(costOf) };
}

const costOf = (answer) => (isScripted(answer.model) ? 0 : answer.metadata?.cost_usd);

/**
 * From the first step's begin to the last thing that was done, in ms.
 * @param {Turn} turn
 * @param {Iterable<Message>} [results] of the turn's calls
 * @param {{finished_at?: string|null}[]} [checks] traces of the turn's checks
 * @returns {number|null}
 */
export function durationOf({ steps }, results = [], checks = []) {
  const answers = steps.filter((step) => step.role === 'assistant');
  const first = Date.parse(answers[0]?.started_at ?? answers[0]?.created_at ?? '');
  const ends = [
    answers.at(-1)?.finished_at,
    ...[...results].map((result) => result.created_at),
    ...checks.map((check) => check.finished_at),
  ].map((at) => Date.parse(at ?? ''));
  const last = Math.max(...ends.filter((at) => !Number.isNaN(at)));
  return Number.isNaN(first) || !Number.isFinite(last) ? null : last - first;
}
