/**
 * Keeps the list of projects and sessions true while the page is open: the user's own socket says what changed. One line
 * is changed where one line is meant, and nothing changes its place: the list is in the order in which the page found it.
 */
import { find, findAll, h, setText } from '../dom.js';
import { connectPage } from '../server.js';

const SETTLE_MS = 150;
const URGENCY = ['waiting', 'running', 'interrupted', 'error', 'idle'];

/** What the list says beside a session. @type {Record<string, string>} */
const STATUS_WORDS = {
  waiting: 'needs you',
  running: 'working',
  interrupted: 'interrupted',
  error: 'failed',
  idle: '',
};

/** @param {HTMLElement|null} element whose `data-session-list` is where its content comes from */
export function keepSessionList(element) {
  if (!element) return;
  const statuses = new SessionStatuses();
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh(element, statuses).catch(() => {}), SETTLE_MS); // away: the reconnect asks again
  };
  const connection = connectPage('user', {
    resumes: false,
    onFrames: (frames) => {
      if (!frames.every((frame) => patch(element, statuses, frame))) soon();
    },
    onState: ({ state }) => state === 'live' && soon(), // what happened before it listened, at first too
  });
  connection.open();
}

/** Changes the one line that a frame is about. @returns {boolean} false where the list has to be asked for */
function patch(element, statuses, frame) {
  const row = frame.session_id && find(element, `[data-session="${CSS.escape(frame.session_id)}"]`);
  if (frame.type === 'heartbeat') return true;
  if (frame.type === 'session_deleted') return remove(row);
  if (frame.type === 'session_renamed') return row ? rename(row, frame) : false;
  if (frame.type !== 'agent_status_updated' || !row) return false;
  const dot = find(row, '.dot');
  const shown = dot.className.replace('dot', '').trim();
  const status = statuses.update(frame.session_id, frame.chat_id, frame.status, shown);
  if (status) showStatus(row, dot, status);
  return status !== null;
}

/** The last one leaves a list that says how to begin. @returns {boolean} */
function remove(row) {
  const line = row?.closest('li');
  const isLast = line?.parentElement.children.length === 1;
  line?.remove();
  return Boolean(line) && !isLast;
}

function rename(row, { name }) {
  setText(find(row, '.name'), name);
  for (const button of findAll(row, '[data-name]')) button.dataset.name = name;
  return true;
}

function showStatus(row, dot, status) {
  dot.className = `dot ${status}`;
  if (dot.title) dot.title = STATUS_WORDS[status] || 'At rest';
  find(row, '.state')?.remove();
  const says = row.matches('a') ? status === 'waiting' : STATUS_WORDS[status];
  if (says) find(row, '.name').after(h(`span.state.${status}`, {}, STATUS_WORDS[status]));
}

async function refresh(element, statuses) {
  const answer = await fetch(element.dataset.sessionList);
  if (!answer.ok || answer.redirected) return; // logged out, or the session is gone: the page says so itself
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').body;
  statuses.forget();
  const focused = element.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  const sections = inOrder(sectionsOf(element), sectionsOf(fresh));
  for (const [old, section] of sections) if (old) orderRows(old, section);
  const shown = sections.map(([old, section]) => (old?.outerHTML === section.outerHTML ? old : section));
  element.replaceChildren(...(shown.length ? shown : fresh.childNodes));
  if (focused) [...element.querySelectorAll('a, button')].find((one) => nameOf(one) === focused)?.focus();
}

/** @returns {Map<string, HTMLElement>} by project */
const sectionsOf = (root) =>
  new Map(findAll(root, 'section').map((section) => [find(section, '[data-project]').dataset.project, section]));

/** @returns {Map<string, HTMLElement>} by session */
const rowsOf = (section) =>
  new Map(findAll(section, '[data-session]').map((row) => [row.dataset.session, row.closest('li')]));

function orderRows(old, section) {
  const rows = inOrder(rowsOf(old), rowsOf(section));
  if (rows.length) find(section, 'ul').replaceChildren(...rows.map(([, row]) => row));
}

/**
 * What is new comes first, and the rest stays where it was.
 * @template T @param {Map<string, T>} old @param {Map<string, T>} fresh @returns {[T|undefined, T][]}
 */
function inOrder(old, fresh) {
  const added = [...fresh.keys()].filter((key) => !old.has(key));
  const kept = [...old.keys()].filter((key) => fresh.has(key));
  return [...added, ...kept].map((key) => [old.get(key), /** @type {T} */ (fresh.get(key))]);
}

const nameOf = (control) => control.getAttribute('href') ?? control.getAttribute('aria-label') ?? control.textContent;

/**
 * The status of sessions in the list, followed by what their chats' statuses become. A session has the status of its
 * most urgent chat, as `chats/projects/sidebar.py` has it.
 */
export class SessionStatuses {
  /** By session, the statuses of its chats; the others of a session in here are idle. @type {Map<string, Map<string, string>>} */
  chats = new Map();

  /**
   * @param {string} session @param {string} chat @param {string} status that the chat has now
   * @param {string} shown the session's status in the list
   * @returns {string|null} the session's status now; null where the list has to be asked for
   */
  update(session, chat, status, shown) {
    let known = this.chats.get(session);
    if (!known) {
      if (shown !== 'idle') return URGENCY.indexOf(status) <= URGENCY.indexOf(shown) ? status : null;
      known = new Map();
      this.chats.set(session, known);
    }
    known.set(chat, status);
    return URGENCY.find((one) => [...known.values()].includes(one)) ?? 'idle';
  }

  /** The list was read anew: what is not idle in it may be any chat's. */
  forget() {
    this.chats.clear();
  }
}
