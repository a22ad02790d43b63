import { suggestFolders } from '../ui/folders.js';
import { startProjectDialog } from '../ui/projects.js';
import { keepRoster } from '../ui/roster.js';
import { startSessionDialogs } from '../ui/sessions.js';
import { startShell } from '../ui/shell.js';

const row = (id) => document.querySelector(`.session-row[data-session="${id}"]`);

startShell();
suggestFolders(document.querySelector('#id_root'));
keepRoster(document.querySelector('[data-roster]'));
startSessionDialogs({
  renamed: (id, name) => {
    const shown = row(id)?.querySelector('.name');
    if (shown) shown.textContent = name;
  },
  deleted: (id) => row(id)?.remove(),
});
startProjectDialog({ changed: () => location.reload(), removed: () => location.reload() });
