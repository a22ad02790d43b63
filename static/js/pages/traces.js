/** The traces of a chat or of a session, on a page of their own. */
import { Connection } from '../connection.js';
import { FLAT, fromAddress, narrows, toAddress } from '../traces/filters.js';
import { Totals } from '../traces/totals.js';
import { Viewer } from '../traces/viewer.js';
import { byId, keepWithPage } from '../ui/dom.js';
import { startShell } from '../ui/shell.js';
import { Strip } from '../ui/strip.js';

const page = JSON.parse(byId('bootstrap').textContent);
const owner = page.kind === 'chat' ? `chats/${page.chats[0].id}` : `sessions/${page.session.id}`;
const totals = new Totals(byId('totals'), `/api/${owner}/usage`);

const viewer = new Viewer(byId('viewer'), {
  chats: page.chats,
  chatLink: (turn, messageId) => ({ href: `/sessions/${page.session.id}?chat=${turn.chat_id}#message-${messageId}` }),
  onFilter: (filter) => history.replaceState(null, '', toAddress(filter, location.href)),
  onSelect: remember,
  keys: document,
});

function remember(line) {
  const address = new URL(location.href);
  address.searchParams.delete('turn');
  if (line?.call) address.searchParams.set('call', line.call.id);
  else address.searchParams.delete('call');
  history.replaceState(null, '', address);
}

const strip = new Strip(byId('strip'), { now: () => connection.retryNow(), login: page.login, home: page.home });
const connection = new Connection({
  url: `${location.origin.replace('http', 'ws')}/api/ws/sessions/${page.session.id}`,
  isOnline: () => navigator.onLine,
  onFrames: (frames) => viewer.receive(frames.filter((frame) => frame.type !== 'resumed')),
  onState: (state) => strip.show(state),
  onProblem: (problem, detail) => console.warn('BooCode:', problem, detail),
});

startShell();
byId('viewer').addEventListener('renewed', () => totals.renew());
viewer.takeTurns(page.chats);
const filter = fromAddress(location.search);
if (narrows(filter) || filter.sort !== 'newest' || FLAT.has(filter.sort)) viewer.setFilter(filter);
if (page.open.turn) viewer.showCall({ turn: page.open.turn, call: page.open.call });
else viewer.openNewest();
byId('glances')?.remove();

// The page shows all up to this place of the log: only what comes behind it is asked for.
if (page.place) connection.sequencer.receive({ type: 'snapshot', ...page.place });
for (const event of ['online', 'offline', 'focus']) addEventListener(event, () => connection.wake());
keepWithPage(connection);
connection.open();
