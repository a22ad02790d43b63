/**
 * Frames as they come over the socket, checked against the contract that the server's own classes generate.
 *
 * @typedef {{type: string, channel?: string, seq?: number, ord?: number, [field: string]: any}} Frame
 *
 * @typedef {object} Parsed
 * @property {Frame|null} frame the frame; `{type: 'skipped', channel, seq, ord}` for a bad or unknown one that has a
 *   place in the log, so that it is passed over instead of waited for; null for a bad one without a place
 * @property {string|null} problem why the frame is bad, for the log
 */
import { CONTRACT } from './contract.js';

/** @typedef {(value: unknown) => string|null} Check null when it fits, otherwise what is wrong */

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const BASE_TYPES = {
  any: () => true,
  string: (value) => typeof value === 'string',
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  object: isObject,
};

/** @type {Map<string, Check>} */
const checks = new Map();

/** The check for a type of the contract, such as `string|null`, `'ask'|'auto'`, `ToolCall[]`, `integer{}`. @returns {Check} */
function checkFor(type) {
  let check = checks.get(type);
  if (!check) checks.set(type, (check = union(type.split('|').map(compile), type)));
  return check;
}

/** @param {Check[]} options @param {string} type @returns {Check} */
function union(options, type) {
  if (options.length === 1) return options[0];
  return (value) => (options.some((option) => option(value) === null) ? null : `: not ${type}`);
}

/** @returns {Check} */
function compile(type) {
  if (type.endsWith('[]')) return each(type, Array.isArray);
  if (type.endsWith('{}')) return each(type, isObject);
  if (type.startsWith("'")) return (value) => (value === type.slice(1, -1) ? null : `: not ${type}`);
  if (Object.hasOwn(BASE_TYPES, type)) return (value) => (BASE_TYPES[type](value) ? null : `: not ${type}`);
  return (value) => checkFields(CONTRACT.shapes[type], value); // looked up late: shapes may refer to each other
}

/** @returns {Check} */
function each(type, isContainer) {
  const item = checkFor(type.slice(0, -2));
  return (value) => {
    if (!isContainer(value)) return `: not ${type}`;
    for (const [key, entry] of Object.entries(value)) {
      const problem = item(entry);
      if (problem) return `.${key}${problem}`;
    }
    return null;
  };
}

/** Fields beyond the contract are tolerated. @param {Record<string, string>} fields @returns {string|null} */
function checkFields(fields, value) {
  if (!isObject(value)) return ': not object';
  for (const [key, type] of Object.entries(fields)) {
    const optional = key.endsWith('?');
    const name = optional ? key.slice(0, -1) : key;
    if (value[name] === undefined) {
      if (optional) continue;
      return `.${name}: missing`;
    }
    const problem = checkFor(type)(value[name]);
    if (problem) return `.${name}${problem}`;
  }
  return null;
}

/** What is wrong with a frame, or null. @param {any} frame @returns {string|null} */
export function problemOf(frame) {
  if (!isObject(frame) || typeof frame.type !== 'string') return 'not a frame';
  const name = frame.type === 'channel_delta' ? `channel_delta/${frame.channel}` : frame.type;
  if (!Object.hasOwn(CONTRACT.frames, name)) return `${name}: unknown frame`;
  const problem = checkFields(CONTRACT.frames[name], frame);
  return problem && name + problem;
}

/** @param {unknown} text what the socket delivered @returns {Parsed} */
export function parse(text) {
  let frame;
  try {
    frame = JSON.parse(/** @type {string} */ (text));
  } catch {
    return { frame: null, problem: 'not JSON' };
  }
  const problem = problemOf(frame);
  return problem ? { frame: placeOf(frame), problem } : { frame, problem: null };
}

/** @returns {Frame|null} */
function placeOf(frame) {
  if (!isObject(frame) || typeof frame.channel !== 'string' || !Number.isSafeInteger(frame.seq)) return null;
  const place = { type: 'skipped', channel: frame.channel, seq: frame.seq };
  return Number.isSafeInteger(frame.ord) ? { ...place, ord: frame.ord } : place;
}
