/** A chat's timeline on a page of its own. */
import { Connection } from '../connection.js';
import { Timeline } from '../timeline/panel.js';
import { byId } from '../ui/dom.js';
import { startShell } from '../ui/shell.js';

const page = JSON.parse(byId('bootstrap').textContent);
const timeline = new Timeline(byId('timeline'), {
  chat: () => ({ id: page.chat }),
  showMessage: (_chat, message) => location.assign(`${page.session}#message-${message}`),
  reader: document.documentElement,
});
const connection = new Connection({
  url: `${location.origin.replace('http', 'ws')}/api/ws/sessions/${page.session_id}`,
  isOnline: () => navigator.onLine,
  onFrames: (frames) => timeline.receive(frames),
  onState: () => {},
  onProblem: (problem, detail) => console.warn('BooCode:', problem, detail),
});

startShell();
timeline.show();
connection.open();
addEventListener('pagehide', () => connection.close());
