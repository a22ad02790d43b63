import { suggestFolders } from '../ui/shell/folder_suggestions.js';
import { startProjectDialog } from '../ui/shell/project_dialog.js';
import { keepSessionList } from '../ui/shell/session_list.js';
import { startSessionDialogs } from '../ui/shell/session_dialogs.js';
import { startShell } from '../ui/shell/shell.js';

const row = (id) => document.querySelector(`.session-row[data-session="${id}"]`);

startShell();
suggestFolders(document.querySelector('#id_root'));
keepSessionList(document.querySelector('[data-session-list]'));
startSessionDialogs({
  renamed: (id, name) => {
    const shown = row(id)?.querySelector('.name');
    if (shown) shown.textContent = name;
  },
  deleted: (id) => row(id)?.remove(),
});
startProjectDialog({ changed: () => location.reload(), removed: () => location.reload() });
