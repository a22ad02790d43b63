/** What a project lets the agent do: its settings and rules in a dialog. */
import { byId, closest, h, icon } from '../dom.js';
import { call } from '../server.js';

const VERDICTS = { allow: 'Allow', ask: 'Ask before', deny: 'Never' };
const loadStorage = () => import('../../timeline/storage.js');
const loadAsk = () => import('./ask.js');
const loadLabels = () => import('../tool_labels.js');

/** @param {{changed: (project: {id: string, name: string}) => void, removed: (id: string) => void}} on */
export function startProjectDialog(on) {
  document.addEventListener('click', (event) => {
    const button = closest(event, '[data-project]');
    if (button) open(button.dataset.project, on);
  });
}

async function open(id, on) {
  const disk = loadStorage();
  const dialog = byId('project-dialog');
  const form = dialog.querySelector('form');
  const problem = dialog.querySelector('.problem');
  const tell = (error) => {
    problem.textContent = error?.message ?? '';
    problem.hidden = !error;
  };
  tell(null);
  const storage = form.querySelector('[data-storage]');
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(tell, async () => {
      await (await disk).saveStorage(id, storage);
      on.changed(await call('PATCH', `/api/projects/${id}`, settingsIn(form)));
      dialog.close();
    });
  };
  form.querySelector('[data-remove]').onclick = ({ detail }) =>
    detail < 2 && // a double click asks once
    attempt(tell, async () => {
      const { ask } = await loadAsk();
      askToRemove(await call('GET', `/api/projects/${id}`), { ask, settings: dialog, removed: on.removed });
    });
  // Opened when it is filled, so that nobody writes into fields that are overwritten then.
  await attempt(tell, async () => {
    const [project, rules, { ruleName, useLabels }] = await Promise.all([
      call('GET', `/api/projects/${id}`),
      call('GET', `/api/projects/${id}/rules`),
      loadLabels(),
      disk.then(({ showStorage }) => showStorage(id, storage)),
    ]);
    show(form, project);
    useLabels(JSON.parse(byId('tool-labels').textContent));
    showRules(form.querySelector('[data-rules]'), rules, ruleName, tell);
  });
  form.querySelector('.primary').disabled = !problem.hidden;
  if (!dialog.open) dialog.showModal();
}

async function attempt(tell, act) {
  try {
    await act();
  } catch (error) {
    tell(error);
  }
}

function show(form, project) {
  form.querySelector('[data-name]').textContent = project.name;
  form.querySelector('[data-root]').textContent = project.root;
  const { name, approval, check_command, command_limit_s, network } = form.elements;
  name.value = project.name;
  approval.value = project.approval;
  check_command.value = project.check_command;
  command_limit_s.value = project.command_limit_s;
  network.checked = project.network;
}

function settingsIn(form) {
  const { name, approval, check_command, command_limit_s, network } = form.elements;
  return {
    name: name.value.trim(),
    approval: approval.value,
    check_command: check_command.value.trim(),
    command_limit_s: Number(command_limit_s.value),
    network: network.checked,
  };
}

function showRules(list, rules, ruleName, tell) {
  const none = () => h('li.none', {}, 'No rules yet.');
  const line = (rule) => {
    const words = `${VERDICTS[rule.verdict]} ${ruleName(rule.tool)} ${rule.pattern}`;
    const remove = h(
      'button.quiet.icon-only',
      { type: 'button', 'aria-label': `Delete the rule: ${words}`, title: 'Delete this rule' },
      icon('trash'),
    );
    const element = h(
      'li',
      {},
      h(`span.verdict.${rule.verdict}`, {}, VERDICTS[rule.verdict]),
      h('span.tool', {}, ruleName(rule.tool)),
      h('code', { title: rule.pattern }, rule.pattern),
      remove,
    );
    remove.addEventListener('click', () =>
      attempt(tell, async () => {
        await call('DELETE', `/api/rules/${rule.id}`);
        const next =
          (element.nextElementSibling ?? element.previousElementSibling)?.querySelector('button') ??
          list.closest('form').querySelector('[data-close]');
        element.remove();
        if (!list.children.length) list.append(none());
        next.focus();
      }),
    );
    return element;
  };
  list.replaceChildren(...(rules.length ? rules.map(line) : [none()]));
}

/** Says in a dialog of its own what goes. */
function askToRemove({ id, name, root, session_count: sessions }, { ask, settings, removed }) {
  const dialog = byId('remove-dialog');
  dialog.querySelector('[data-name]').textContent = name;
  dialog.querySelector('[data-root]').textContent = root;
  dialog.querySelector('[data-goes]').textContent = sessions
    ? `${sessions} session${sessions === 1 ? '' : 's'} with all messages and traces ${sessions === 1 ? 'goes' : 'go'}, and what still runs there is stopped.`
    : 'It has no sessions.';
  ask(dialog, async () => {
    await call('DELETE', `/api/projects/${id}`);
    settings.close();
    removed(id);
  });
}
