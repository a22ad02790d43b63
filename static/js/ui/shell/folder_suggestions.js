/** Names the folders that the path in the field could become, as it is typed. */
import { h } from '../dom.js';
import { call } from '../server.js';

const SETTLE_MS = 100;

/** @param {HTMLInputElement|null} field with a datalist */
export function suggestFolders(field) {
  if (!field) return;
  let timer = 0;
  const ask = async () => {
    const beginning = field.value.trim();
    const { folders } = await call('GET', `/api/folders?beginning=${encodeURIComponent(beginning)}`);
    if (field.value.trim() === beginning) field.list.replaceChildren(...folders.map((value) => h('option', { value })));
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), SETTLE_MS); // without suggestions the path can still be typed
  };
  field.addEventListener('input', soon);
  field.addEventListener('focus', soon);
  if (field === document.activeElement) soon();
}
