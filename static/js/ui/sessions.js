/** Renaming and deleting a session, each in a dialog of its own; the page is told what happened. */
import { byId } from './dom.js';
import { call } from './rest.js';

/** @param {{renamed: (id: string, name: string) => void, deleted: (id: string) => void}} on */
export function startSessionDialogs(on) {
  document.addEventListener('click', (event) => {
    const rename = event.target.closest('[data-rename]');
    const remove = event.target.closest('[data-delete]');
    if (rename) askName(rename, on.renamed);
    if (remove) askDelete(remove, on.deleted);
  });
}

function askName(button, renamed) {
  const { rename: id, name } = button.dataset;
  const dialog = byId('rename-dialog');
  const field = dialog.querySelector('input');
  field.value = name;
  ask(dialog, async () => {
    if (!field.value.trim()) throw new Error('Give it a name, or keep the old one with Cancel.');
    const session = await call('PATCH', `/api/sessions/${id}`, { name: field.value.trim() });
    for (const other of document.querySelectorAll(`[data-rename="${id}"], [data-delete="${id}"]`)) other.dataset.name = session.name;
    renamed(id, session.name);
  });
  field.select();
}

function askDelete(button, deleted) {
  const { delete: id, name } = button.dataset;
  const dialog = byId('delete-dialog');
  dialog.querySelector('[data-name]').textContent = name;
  ask(dialog, async () => {
    await call('DELETE', `/api/sessions/${id}`);
    deleted(id);
  });
}

/** Opens the dialog; it closes when the deed is done, and says why when it could not be. */
function ask(dialog, act) {
  const problem = dialog.querySelector('.problem');
  problem.hidden = true;
  dialog.querySelector('form').onsubmit = async (event) => {
    event.preventDefault();
    try {
      await act();
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  };
  dialog.showModal();
}
