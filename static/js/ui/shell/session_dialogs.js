/** Renaming and deleting a session, each in a dialog of its own; the page is told what happened. */
import { byId, closest, findAll } from '../dom.js';
import { call } from '../server.js';

const loadAsk = () => import('./ask.js');

/** @param {{renamed: (id: string, name: string) => void, deleted: (id: string) => void}} on */
export function startSessionDialogs(on) {
  document.addEventListener('click', (event) => {
    if (event.detail > 1) return; // a double click asks once
    const rename = closest(event, '[data-rename]');
    const remove = closest(event, '[data-delete]');
    if (rename) askName(rename, on.renamed);
    if (remove) askDelete(remove, on.deleted);
  });
}

async function askName(button, renamed) {
  const { ask } = await loadAsk();
  const { rename: id, name } = button.dataset;
  const dialog = byId('rename-dialog');
  const field = dialog.querySelector('input');
  field.value = name;
  ask(dialog, async () => {
    if (!field.value.trim()) throw new Error('Give it a name, or keep the old one with Cancel.');
    const session = await call('PATCH', `/api/sessions/${id}`, { name: field.value.trim() });
    for (const other of findAll(document, `[data-rename="${id}"], [data-delete="${id}"]`))
      other.dataset.name = session.name;
    renamed(id, session.name);
  });
  field.select();
}

async function askDelete(button, deleted) {
  const { ask } = await loadAsk();
  const { delete: id, name } = button.dataset;
  const dialog = byId('delete-dialog');
  dialog.querySelector('[data-name]').textContent = name;
  ask(dialog, async () => {
    await call('DELETE', `/api/sessions/${id}`);
    deleted(id);
  });
}
