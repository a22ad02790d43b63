/** A chat's timeline on a page of its own. */
import { apply, Changes, initial } from '../stream/reducer.js';
import { Timeline } from '../timeline/panel.js';
import { byId } from '../ui/dom.js';
import { startShell } from '../ui/shell/shell.js';
import { connectPage } from '../ui/server.js';

const page = JSON.parse(byId('bootstrap').textContent);
const state = initial({ id: page.session_id });
const timeline = new Timeline(byId('timeline'), {
  chat: () => ({ id: page.chat }),
  showMessage: (_chat, message) => location.assign(`${page.session}#message-${message}`),
  reader: document.documentElement,
});
const connection = connectPage(`sessions/${page.session_id}`, {
  position: page.position,
  onFrames: (frames) => {
    const changes = new Changes();
    for (const frame of frames) apply(state, frame, changes);
    timeline.render(changes);
  },
});

startShell();
timeline.show();
connection.open();
