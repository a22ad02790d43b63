/** What every page has around its content: colours, sidebar, help. */
import { byId, findAll } from '../dom.js';

const THEMES = { system: 'as the system', light: 'light', dark: 'dark' };
const THEME = 'boocode.theme';
const SIDE = 'boocode.side';
const NARROW = '(max-width: 56rem)';

export function startShell() {
  for (const button of findAll(document, '[data-theme-toggle]')) {
    nameTheme(button);
    button.addEventListener('click', () => nextTheme());
  }
  for (const button of findAll(document, '[data-side-toggle]')) button.addEventListener('click', () => toggleSide());
  for (const button of findAll(document, '[data-help]')) button.addEventListener('click', () => openHelp());
  for (const button of findAll(document, 'dialog [data-close]'))
    button.addEventListener('click', () => button.closest('dialog').close());
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && byId('app')?.classList.contains('side-open')) toggleSide();
  });
  if (recall(SIDE) === 'closed') byId('app')?.classList.add('side-closed');
  showSideState();
}

export const openHelp = () => byId('help-dialog')?.showModal();

function nextTheme() {
  const names = Object.keys(THEMES);
  const name = names[(names.indexOf(theme()) + 1) % names.length];
  document.documentElement.dataset.theme = name;
  remember(THEME, name);
  findAll(document, '[data-theme-toggle]').forEach(nameTheme);
}

const theme = () => document.documentElement.dataset.theme || 'system';

function nameTheme(button) {
  const words = `Colours: ${THEMES[theme()] ?? THEMES.system}`;
  button.setAttribute('aria-label', words);
  button.title = words;
}

/** On a narrow screen the sidebar lies over the page; elsewhere it is beside it and the choice is remembered. */
function toggleSide() {
  const app = byId('app');
  if (matchMedia(NARROW).matches) app.classList.toggle('side-open');
  else remember(SIDE, app.classList.toggle('side-closed') ? 'closed' : 'open');
  showSideState();
  const visible = findAll(document, 'button[data-side-toggle]').find((button) => button.offsetParent);
  visible?.focus();
}

function showSideState() {
  const app = byId('app');
  if (!app) return;
  const open = matchMedia(NARROW).matches
    ? app.classList.contains('side-open')
    : !app.classList.contains('side-closed');
  for (const button of findAll(document, 'button[data-side-toggle]'))
    button.setAttribute('aria-expanded', String(open));
}

/** What the browser remembers for the person, null where it remembers nothing or may not. @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value empty to forget it */
export function remember(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // full or forbidden
  }
}
