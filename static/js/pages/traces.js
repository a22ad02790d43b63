/** The traces of a chat or of a session, on a page of their own. */
import { apply, Changes, initial } from '../stream/reducer.js';
import { FLAT, fromAddress, narrows, toAddress } from '../traces/filters.js';
import { enterListByArrows } from '../traces/list/viewer_keys.js';
import { Totals } from '../traces/totals.js';
import { Viewer } from '../traces/viewer.js';
import { byId } from '../ui/dom.js';
import { useLabels } from '../ui/tool_labels.js';
import { startLeader } from '../ui/shell/leader.js';
import { startShell } from '../ui/shell/shell.js';
import { ConnectionStatus } from '../ui/shell/connection_status.js';
import { connectPage } from '../ui/server.js';

const page = JSON.parse(byId('bootstrap').textContent);
useLabels(JSON.parse(byId('tool-labels').textContent));
const owner = page.kind === 'chat' ? `chats/${page.chats[0].id}` : `sessions/${page.session.id}`;
const totals = new Totals(byId('totals'), `/api/${owner}/usage`);

const state = initial({ id: page.session.id });
const viewer = new Viewer(byId('viewer'), {
  store: state.turns,
  chatLink: (turn, messageId) => ({ href: `/sessions/${page.session.id}?chat=${turn.chat_id}#message-${messageId}` }),
  onFilter: (filter) => history.replaceState(null, '', toAddress(filter, location.href)),
  onSelect: remember,
});

function remember(line) {
  const address = new URL(location.href);
  address.searchParams.delete('turn');
  if (line?.call) address.searchParams.set('call', line.call.id);
  else address.searchParams.delete('call');
  history.replaceState(null, '', address);
}

const status = new ConnectionStatus(byId('strip'), {
  now: () => connection.retryNow(),
  login: page.login,
  home: page.home,
});
const connection = connectPage(`sessions/${page.session.id}`, {
  onFrames: (frames) => {
    const changes = new Changes();
    const now = Date.now();
    for (const frame of frames) apply(state, frame, changes, now);
    viewer.render(changes);
  },
  onState: (connected) => {
    status.show(connected);
    viewer.isLive = connected.state === 'live';
  },
});

startShell();
enterListByArrows(viewer);
startLeader({ f: () => viewer.form.focus(), e: () => viewer.nextError() });
byId('viewer').addEventListener('renewed', () => totals.renew());
viewer.takeTurns(page.chats);
const filter = fromAddress(location.search);
if (narrows(filter) || filter.sort !== 'newest' || FLAT.has(filter.sort)) viewer.setFilter(filter);
if (page.open.turn) viewer.showCall({ turn: page.open.turn, call: page.open.call });
else viewer.openNewest();
byId('glances')?.remove();

// The page shows all up to this place of the log: only what comes behind it is asked for.
if (page.place) connection.sequencer.receive({ type: 'snapshot', ...page.place });
connection.open();
