/** Talks to the server: REST with the login's cookie and the CSRF token that goes with it, and the page's socket. */
import { Connection } from '../stream/connection.js';
import { find } from './dom.js';

const token = () => find(document, 'meta[name="csrf-token"]')?.content ?? '';

/** @param {string} method @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] @returns {Promise<Response>} */
export function request(method, path, body, signal) {
  const headers = { Accept: 'application/json', 'X-CSRFToken': token() };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    credentials: 'same-origin',
  });
}

/** The answer's JSON. Throws an Error with a sentence for the person, and with the server's `answer`. @param {string} method @param {string} path */
export async function call(method, path, body) {
  let response;
  try {
    response = await request(method, path, body);
  } catch {
    throw new Error('The server can’t be reached. Try again when the connection is back.');
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok)
    throw Object.assign(new Error(problemIn(answer) ?? `The server answered ${response.status}.`), { answer });
  return answer;
}

function problemIn(answer) {
  const first = answer?.detail ?? (answer && Object.values(answer)[0]);
  const text = Array.isArray(first) ? first[0] : first;
  return typeof text === 'string' ? text : null;
}

/**
 * Makes the connection of a page: as long as the page is there, and looked after when the page is seen again.
 * @param {string} path of the socket below `/api/ws/`
 * @param {Partial<ConstructorParameters<typeof Connection>[0]> & {onFrames: (frames: import('../stream/wire.js').Frame[]) => void}} options
 * @returns {Connection} to be opened
 */
export function connectPage(path, options) {
  const connection = new Connection({
    url: `${location.origin.replace('http', 'ws')}/api/ws/${path}`,
    isOnline: () => navigator.onLine,
    isSeen: () => !document.hidden,
    onProblem: (problem, detail) => console.warn('BooCode:', problem, detail),
    ...options,
  });
  for (const event of ['online', 'offline', 'focus']) addEventListener(event, () => connection.wake());
  for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => connection.nudge(), { passive: true });
  document.addEventListener('visibilitychange', () => document.hidden || connection.wake());
  // A page that is left, or kept for the way back, lets go of its connection.
  addEventListener('pagehide', () => connection.close());
  addEventListener('pageshow', (event) => event.persisted && connection.retryNow());
  return connection;
}
