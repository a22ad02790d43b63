/** Keeps the list of projects and sessions true while the page is open: the user's own socket says when it changed. */
import { Connection } from '../connection.js';
import { keepWithPage } from './dom.js';

const SETTLE_MS = 150;

/** @param {HTMLElement|null} element whose `data-roster` is where its content comes from */
export function keepRoster(element) {
  if (!element) return;
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh(element).catch(() => {}), SETTLE_MS); // away: the reconnect asks again
  };
  const connection = new Connection({
    url: `${location.origin.replace('http', 'ws')}/api/ws/user`,
    resumes: false,
    onFrames: soon,
    onState: ({ state }) => state === 'live' && soon(), // what happened before it listened, at first too
    onProblem: (problem, detail) => console.warn('BooCode:', problem, detail),
  });
  connection.open();
  keepWithPage(connection);
}

async function refresh(element) {
  const answer = await fetch(element.dataset.roster);
  if (!answer.ok || answer.redirected) return; // logged out, or the session is gone: the page says so itself
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').body;
  const focused = element.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  element.replaceChildren(...fresh.childNodes);
  if (focused) [...element.querySelectorAll('a, button')].find((one) => nameOf(one) === focused)?.focus();
}

const nameOf = (control) => control.getAttribute('href') ?? control.getAttribute('aria-label') ?? control.textContent;
