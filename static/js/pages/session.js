/** The session page: connects frames, state and DOM. */
import { Connection } from '../connection.js';
import { Outbox } from '../outbox.js';
import { apply, Changes, initial } from '../reducer.js';
import { Throughput } from '../throughput.js';
import { Timeline } from '../timeline/panel.js';
import { TracePanel } from '../traces/panel.js';
import { Meter, NowBar } from '../ui/activity.js';
import { CheckToggle } from '../ui/checktoggle.js';
import { Composer, UnsentList } from '../ui/composer.js';
import { byId, keepWithPage, setText } from '../ui/dom.js';
import { Follow } from '../ui/follow.js';
import { startKeys } from '../ui/keys.js';
import { modelWords } from '../ui/format.js';
import { ModelPicker } from '../ui/models.js';
import { startProjectDialog } from '../ui/projects.js';
import { call, request } from '../ui/rest.js';
import { keepRoster } from '../ui/roster.js';
import { startSessionDialogs } from '../ui/sessions.js';
import { startShell } from '../ui/shell.js';
import { Strip } from '../ui/strip.js';
import { Tabs } from '../ui/tabs.js';
import { TodoPanel } from '../ui/todo.js';
import { endWords, Transcript } from '../ui/transcript.js';
import { welcome } from '../ui/welcome.js';

const TICK_MS = 100;
const page = JSON.parse(byId('bootstrap').textContent);
const state = initial({ id: page.session.id, chats: page.chats });
const throughput = new Throughput();
let changes = new Changes();
let chatId = page.chat;
let stopping = false;
let isLive = false;
let wasRunning = false;
/** @type {any} */
let asked;
let frame = 0;

const transcript = new Transcript(byId('transcript'), state, { onToggle: () => follow.pause(), onAgain: send, empty: () => welcome(page.project.name, { suggest, chooseModel: () => byId('model').click() }) });
const follow = new Follow(byId('main'), byId('transcript'), byId('jump'));
const composer = new Composer(byId('composer'), { send, cancel, isRunning: () => transcript.isRunning, question: () => transcript.waitingCards[0]?.asking?.allow });
const check = new CheckToggle(document.getElementById('check-toggle'));
const strip = new Strip(byId('strip'), { now: () => connection.retryNow(), login: page.login, home: page.home });
const tabs = new Tabs(byId('tabs'), select);
const nowBar = new NowBar(byId('now'), cancel);
const todo = new TodoPanel(byId('todo'));
const meter = new Meter(byId('meter'));
const unsent = new UnsentList(byId('unsent'), {
  retry: (id) => outbox.retry(id),
  takeBack: (id) => {
    check.show(outbox.entries.get(id)?.auto_fix !== false);
    composer.putBack(outbox.discard(id) ?? '');
  },
});
const outbox = new Outbox({
  post: (chat, body, signal) => request('POST', `/api/chats/${chat}/messages`, body, signal),
  storage: localStorage,
  onChange: () => unsent.show(outbox.list(chatId)),
});
// There is room for one beside the chat.
const timeline = new Timeline(byId('timeline'), { chat: () => state.chats.get(chatId), showMessage, reader: byId('main'), makeRoom: () => panel.close() });
const panel = new TracePanel(byId('panel'), { sessionId: page.session.id, chat: () => state.chats.get(chatId), showMessage, makeRoom: () => timeline.close() });
const connection = new Connection({
  url: `${location.origin.replace('http', 'ws')}/api/ws/sessions/${page.session.id}`,
  isOnline: () => navigator.onLine,
  onFrames: receive,
  onState: (connected) => {
    strip.show(connected);
    isLive = connected.state === 'live';
    document.querySelector('.main').classList.toggle('cut', !isLive);
    tick();
    if (isLive) outbox.retryNow();
  },
  onProblem: (problem, detail) => console.warn('BooCode:', problem, detail),
});

function receive(frames) {
  const now = Date.now();
  for (const one of frames) {
    throughput.observe(one, now);
    apply(state, one, changes);
  }
  panel.receive(frames);
  timeline.receive(frames);
  frame ||= requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  const painted = changes;
  changes = new Changes();
  if (!state.chats.has(chatId)) return select([...state.chats.keys()][0]);
  transcript.render(painted);
  byId('transcript').removeAttribute('aria-busy');
  if (painted.chats.size || painted.reloaded) paintChats();
  if (painted.removed.size || [...painted.messages].some((id) => state.messages.get(id)?.finished_at)) meter.show(state, chatId);
  todo.show(transcript.todo, transcript.isRunning);
  if (!transcript.isRunning) stopping = false;
  tick();
  announce();
  wasRunning = transcript.isRunning;
  composer.refresh();
  if (painted.reloaded && location.hash.startsWith('#message-')) showMessage(chatId, location.hash.slice('#message-'.length));
}

/** Brings a message into view, for who comes from the traces. */
function showMessage(chat, id) {
  if (chat !== chatId && state.chats.has(chat)) select(chat);
  const message = document.querySelector(`[data-message="${CSS.escape(id)}"]`);
  if (!message) return;
  follow.pause();
  message.scrollIntoView({ block: 'center' });
  message.tabIndex = -1;
  message.focus({ preventScroll: true });
  message.classList.add('shown');
  message.addEventListener('animationend', () => message.classList.remove('shown'), { once: true });
}

/** For those who do not see the page; and in the tab's name, for those who look at another one. */
function announce() {
  const [asks] = transcript.waitingCards;
  if (asks && asks !== asked) setText(byId('announce'), `The agent asks. ${asks.words.join(' ')}?`);
  else if (wasRunning && !transcript.isRunning) setText(byId('announce'), endWords(transcript));
  asked = asks;
  document.title = `${asks ? 'Needs you: ' : ''}${byId('session-name').textContent} · BooCode`;
}

function paintChats() {
  const chat = state.chats.get(chatId);
  tabs.show([...state.chats.values()], chatId);
  setText(byId('model-name'), modelWords(chat.model || page.model));
  document.querySelector('.main').dataset.model = chat.model || page.model;
  const first = [...state.chats.values()][0];
  if (!page.session.name && first?.name) showName(first.name);
  const running = [...state.chats.values()].find((one) => one.status !== 'idle') ?? chat;
  const dot = document.querySelector(`.side-sessions a[data-session="${page.session.id}"] .dot`);
  if (dot) dot.className = `dot ${running.status}`;
}

function showName(name) {
  setText(byId('session-name'), name);
  const line = document.querySelector(`.side-sessions a[data-session="${page.session.id}"] .name`);
  if (line) setText(line, name);
  for (const button of document.querySelectorAll(`[data-rename="${page.session.id}"]`)) button.dataset.name = name;
}

function select(id) {
  chatId = id;
  stopping = false;
  const address = new URL(location.href);
  address.searchParams.set('chat', id);
  address.searchParams.delete('draft');
  history.replaceState(null, '', address);
  transcript.show(id);
  wasRunning = transcript.isRunning;
  todo.show(transcript.todo, transcript.isRunning);
  composer.show(id);
  unsent.show(outbox.list(id));
  paintChats();
  meter.show(state, id);
  tick();
  composer.refresh();
  follow.toEnd();
  panel.show();
  timeline.show();
}

function send(text) {
  follow.toEnd();
  outbox.send(chatId, text, { auto_fix: check.take() });
}

function suggest(text) {
  composer.putBack(text);
}

async function cancel() {
  if (stopping || !transcript.isRunning) return;
  stopping = true;
  tick();
  try {
    await call('POST', `/api/chats/${chatId}/cancellation`, {});
  } catch (error) {
    stopping = false;
    setText(byId('announce'), error.message);
  }
}

function tick() {
  if (isLive) transcript.tick();
  nowBar.show(transcript, { stopping, isLive });
  meter.showRate(isLive && transcript.isRunning ? throughput.rate(chatId, Date.now()) : null);
}

async function addChat() {
  const chat = await call('POST', `/api/sessions/${page.session.id}/chats`, { model: state.chats.get(chatId).model });
  if (!state.chats.has(chat.id)) apply(state, { type: 'chat_created', chat_id: chat.id, name: chat.name, model: chat.model, agent: chat.agent }, changes);
  select(chat.id);
  composer.focus();
}

new ModelPicker(byId('model'), {
  chosen: () => state.chats.get(chatId)?.model || page.model,
  choose: async (name) => {
    const chat = await call('PATCH', `/api/chats/${chatId}`, { model: name });
    state.chats.set(chatId, { ...state.chats.get(chatId), model: chat.model });
    paintChats();
  },
});

startShell();
keepRoster(document.querySelector('[data-roster]'));
startKeys({ composer, follow, transcript: byId('transcript'), asking: () => transcript.waitingCards[0]?.asking, traces: () => panel.toggle(), timeline: () => timeline.toggle() });
startSessionDialogs({
  renamed: (id, name) => {
    if (id !== page.session.id) return;
    page.session.name = name;
    showName(name);
  },
  deleted: () => location.assign(page.home),
});
byId('transcript').addEventListener('click', (event) => {
  const link = event.target.closest('a[data-trace]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  panel.showCall(state.traces.get(link.dataset.trace)).catch((error) => setText(byId('announce'), error.message));
});
startProjectDialog({
  changed: ({ id, name }) => {
    setText(document.querySelector(`[data-project-name="${id}"]`), name);
    if (id === page.project.id) setText(document.querySelector('.head .where'), name);
  },
  removed: (id) => (id === page.project.id ? location.assign(page.home) : document.querySelector(`[data-project-name="${id}"]`).closest('section').remove()),
});
byId('new-chat').addEventListener('click', () => addChat().catch((error) => setText(byId('announce'), error.message)));
for (const event of ['online', 'offline', 'focus']) addEventListener(event, () => connection.wake());
addEventListener('online', () => outbox.retryNow());
keepWithPage(connection);
setInterval(() => transcript.isRunning && tick(), TICK_MS);

transcript.show(chatId);
composer.show(chatId, page.draft);
paintChats();
meter.show(state, chatId);
composer.refresh();
outbox.restore();
connection.open();
if (matchMedia('(hover: hover)').matches) composer.focus();
