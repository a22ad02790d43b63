/** The REST API, with the login's cookie and the CSRF token that goes with it. */

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** @param {string} method @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] @returns {Promise<Response>} */
export function request(method, path, body, signal) {
  const headers = { Accept: 'application/json', 'X-CSRFToken': token() };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, credentials: 'same-origin' });
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
  if (!response.ok) throw Object.assign(new Error(problemIn(answer) ?? `The server answered ${response.status}.`), { answer });
  return answer;
}

function problemIn(answer) {
  const first = answer?.detail ?? (answer && Object.values(answer)[0]);
  const text = Array.isArray(first) ? first[0] : first;
  return typeof text === 'string' ? text : null;
}
