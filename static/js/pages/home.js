import { startProjectDialog } from '../ui/projects.js';
import { startSessionDialogs } from '../ui/sessions.js';
import { startShell } from '../ui/shell.js';

const row = (id) => document.querySelector(`.session-row[data-session="${id}"]`);

startShell();
startSessionDialogs({
  renamed: (id, name) => {
    row(id).querySelector('.name').textContent = name;
  },
  deleted: (id) => {
    const list = row(id).parentElement;
    row(id).remove();
    if (!list.children.length) location.reload();
  },
});
startProjectDialog({ changed: () => location.reload(), removed: () => location.reload() });
