/** In a project's settings: the disk that its checkpoints take, and how much they may. */
import { counted } from '../ui/format.js';
import { call } from '../ui/server.js';
import { timeOf } from './place_labels.js';

const MB = 1024 * 1024;
const megabytes = (bytes) => `${Math.ceil(bytes / MB).toLocaleString('en')} MB`;

/** @param {string} projectId @param {HTMLElement} section */
export async function showStorage(projectId, section) {
  const used = await call('GET', `/api/projects/${projectId}/checkpoints`);
  const field = section.querySelector('input');
  const since = used.oldest ? ` since ${timeOf(used.oldest)}` : '';
  const pruned = used.pruned ? `; ${counted(used.pruned, 'older one')} lost their files to stay within it` : '';
  section.querySelector('[data-used]').textContent =
    `${megabytes(used.bytes)} taken by ${counted(used.checkpoints, 'checkpoint')}${since}${pruned}.`;
  field.placeholder = String(Math.round(used.default_quota_bytes / MB));
  field.value = used.quota_bytes === used.default_quota_bytes ? '' : String(Math.round(used.quota_bytes / MB));
  section.dataset.was = field.value;
}

/** @param {string} projectId @param {HTMLElement} section */
export async function saveStorage(projectId, section) {
  const value = section.querySelector('input').value.trim();
  if (value === section.dataset.was) return;
  await call('PATCH', `/api/projects/${projectId}/checkpoints`, { quota_mb: value ? Number(value) : null });
}
