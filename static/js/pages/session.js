/** The session page: connects frames, state and DOM. */
import { Outbox } from '../stream/outbox.js';
import { apply, Changes, initial } from '../stream/reducer.js';
import { Throughput } from '../stream/throughput.js';
import { Timeline } from '../timeline/panel.js';
import { TracePanel } from '../traces/panel.js';
import { Meter, NowBar } from '../ui/chat/activity.js';
import { CheckToggle } from '../ui/chat/check_toggle.js';
import { Composer, UnsentList } from '../ui/chat/composer.js';
import { Follow } from '../ui/chat/follow.js';
import { TodoPanel } from '../ui/chat/todo_list.js';
import { Transcript } from '../ui/chat/transcript.js';
import { endWords } from '../ui/chat/turn_end.js';
import { welcome } from '../ui/chat/welcome.js';
import { byId, closest, find, findAll, setText } from '../ui/dom.js';
import { modelWords } from '../ui/format.js';
import { call, connectPage, request } from '../ui/server.js';
import { ConnectionStatus } from '../ui/shell/connection_status.js';
import { ChatTabs } from '../ui/shell/chat_tabs.js';
import { ErrorNotices, noticeTexts } from '../ui/shell/error_notices.js';
import { startKeys } from '../ui/shell/keys.js';
import { ModelPicker } from '../ui/shell/model_picker.js';
import { startProjectDialog } from '../ui/shell/project_dialog.js';
import { startSessionDialogs } from '../ui/shell/session_dialogs.js';
import { keepSessionList } from '../ui/shell/session_list.js';
import { startShell } from '../ui/shell/shell.js';
import { SidePanels } from '../ui/shell/side_panels.js';
import { useLabels } from '../ui/tool_labels.js';

const TICK_MS = 100;
const hovers = matchMedia('(hover: hover)').matches;
const page = JSON.parse(byId('bootstrap').textContent);
useLabels(JSON.parse(byId('tool-labels').textContent));
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

const transcript = new Transcript(byId('transcript'), state, {
  onToggle: () => follow.pause(),
  onAgain: send,
  empty: () => welcome(page.project.name, { suggest, chooseModel: () => byId('model').click() }),
});
const follow = new Follow(byId('main'), byId('transcript'), byId('jump'));
const composer = new Composer(byId('composer'), {
  send,
  cancel,
  isRunning: () => transcript.isRunning,
  question: () => nextQuestion(),
});
const check = new CheckToggle(byId('check-toggle'));
const status = new ConnectionStatus(byId('strip'), {
  now: () => connection.retryNow(),
  login: page.login,
  home: page.home,
});
const tabs = new ChatTabs(byId('tabs'), select);
const nowBar = new NowBar(byId('now'), cancel);
const todo = new TodoPanel(byId('todo'));
const meter = new Meter(byId('meter'));
const problems = new ErrorNotices(byId('problems'));
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
const shown = { chat: () => state.chats.get(chatId) ?? page.chats[0], showMessage };
const timeline = new Timeline(byId('timeline'), { ...shown, reader: byId('main') });
const traces = new TracePanel(byId('panel'), { ...shown, store: state.turns, sessionId: page.session.id });
const panels = new SidePanels([timeline, traces]);
const connection = connectPage(`sessions/${page.session.id}`, {
  onFrames: receive,
  onState: (connected) => {
    status.show(connected);
    isLive = connected.state === 'live';
    traces.showLive(isLive);
    find(document, '.main').classList.toggle('cut', !isLive);
    tick();
    if (isLive && !frame) transcript.know();
    if (isLive) outbox.retryNow();
  },
});

function receive(frames) {
  const now = Date.now();
  for (const one of frames) {
    throughput.observe(one, now);
    apply(state, one, changes, now);
  }
  frame ||= requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  const painted = changes;
  changes = new Changes();
  panels.render(painted);
  if (painted.errors) problems.add(noticeTexts(state.errors.slice(-painted.errors), state, chatId));
  if (!state.chats.has(chatId)) return select([...state.chats.keys()][0]);
  transcript.render(painted);
  byId('transcript').removeAttribute('aria-busy');
  if (painted.chats.size || painted.reloaded) paintChats();
  if (painted.removed.size || [...painted.messages].some((id) => state.messages.get(id)?.finished_at))
    meter.show(state, chatId);
  todo.show(transcript.todo);
  if (!transcript.isRunning) stopping = false;
  tick();
  announce();
  wasRunning = transcript.isRunning;
  composer.refresh();
  if (painted.reloaded && location.hash.startsWith('#message-'))
    showMessage(chatId, location.hash.slice('#message-'.length));
}

/** Brings a message into view, for who comes from a panel or from another page. */
function showMessage(chat, id) {
  panels.makeWay();
  if (chat !== chatId && state.chats.has(chat)) select(chat);
  const message = find(document, `[data-message="${CSS.escape(id)}"]`);
  if (!message) return;
  follow.pause();
  message.scrollIntoView({ block: 'center' });
  message.tabIndex = -1;
  message.focus({ preventScroll: true });
  message.classList.add('shown');
  message.addEventListener('animationend', () => message.classList.remove('shown'), { once: true });
}

const say = (words) => setText(byId('announce'), words);
const sayError = (error) => say(error.message);

/** For those who do not see the page; and in the tab's name, for those who look at another one. */
function announce() {
  const [asks] = transcript.waitingCards;
  if (asks && asks !== asked) say(`The agent asks. ${asks.words.join(' ')}?`);
  else if (wasRunning && !transcript.isRunning) say(endWords(transcript));
  asked = asks;
  document.title = `${asks ? 'Needs you: ' : ''}${byId('session-name').textContent} · BooCode`;
}

function paintChats() {
  const chats = [...state.chats.values()];
  const chat = shown.chat();
  tabs.show(chats, chatId);
  setText(byId('model-name'), modelWords(chat.model || page.model));
  find(document, '.main').dataset.model = chat.model || page.model;
  if (!page.session.name && chats[0]?.name) showName(chats[0].name);
  const running = chats.find((one) => one.status !== 'idle') ?? chat;
  const dot = find(document, `.side-sessions a[data-session="${page.session.id}"] .dot`);
  if (dot) dot.className = `dot ${running.status}`;
}

function showName(name) {
  setText(byId('session-name'), name);
  const line = find(document, `.side-sessions a[data-session="${page.session.id}"] .name`);
  if (line) setText(line, name);
  for (const button of findAll(document, `[data-rename="${page.session.id}"]`)) button.dataset.name = name;
}

function select(id) {
  chatId = id;
  stopping = false;
  const address = new URL(location.href);
  address.searchParams.set('chat', id);
  address.searchParams.delete('draft');
  history.replaceState(null, '', address);
  showChat();
  wasRunning = transcript.isRunning;
  tick();
  follow.toEnd();
  panels.show();
}

/** Shows the chat in all that shows one. @param {string} [draft] for a chat in which nothing was written */
function showChat(draft) {
  transcript.show(chatId);
  todo.show(transcript.todo);
  composer.show(chatId, draft);
  unsent.show(outbox.list(chatId));
  paintChats();
  meter.show(state, chatId);
  composer.refresh();
}

function send(text) {
  follow.toEnd();
  outbox.send(chatId, text, { auto_fix: check.take() });
}

/** The question that is to be answered next: one that was answered a moment ago still stands there. */
function nextQuestion() {
  return transcript.waitingCards.find(({ approval }) => approval && !approval.isBusy)?.approval;
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
    sayError(error);
  }
}

function tick() {
  if (isLive) transcript.tick();
  nowBar.show(transcript, { stopping, isLive });
  meter.showRate(isLive && transcript.isRunning ? throughput.rate(chatId, Date.now()) : null);
}

async function addChat() {
  const chat = await call('POST', `/api/sessions/${page.session.id}/chats`, { model: shown.chat().model });
  const { id, name, model, agent } = chat;
  if (!state.chats.has(id)) apply(state, { type: 'chat_created', chat_id: id, name, model, agent }, changes);
  select(id);
  composer.focus();
}

async function showCall(trace) {
  await panels.open(traces);
  await traces.showCall(trace);
}

new ModelPicker(byId('model'), {
  chosen: () => shown.chat().model || page.model,
  choose: async (name) => {
    const { model } = await call('PATCH', `/api/chats/${chatId}`, { model: name });
    state.chats.set(chatId, { ...shown.chat(), model });
    paintChats();
  },
});

startShell();
keepSessionList(find(document, '[data-session-list]'));
startKeys({
  composer,
  follow,
  transcript: byId('transcript'),
  approval: () =>
    transcript.waitingCards.find(({ approval }) => approval?.element.contains(document.activeElement))?.approval,
  traces: () => panels.toggle(traces),
  timeline: () => panels.toggle(timeline),
  filter: () => panels.open(traces).then(() => traces.viewer?.form.focus()),
});
startSessionDialogs({
  renamed: (id, name) => {
    if (id !== page.session.id) return;
    page.session.name = name;
    showName(name);
  },
  deleted: () => location.assign(page.home),
});
startProjectDialog({
  changed: ({ id, name }) => {
    setText(find(document, `[data-project-name="${id}"]`), name);
    if (id === page.project.id) setText(find(document, '.head .where'), name);
  },
  removed: (id) =>
    id === page.project.id
      ? location.assign(page.home)
      : find(document, `[data-project-name="${id}"]`).closest('section').remove(),
});
byId('transcript').addEventListener('click', (event) => {
  const link = closest(event, 'a[data-trace]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showCall(state.traces.get(link.dataset.trace)).catch(sayError);
});
byId('transcript').addEventListener('answered', () => {
  const next = nextQuestion();
  if (next) next.focus();
  else if (hovers) composer.focus();
  else byId('main').focus({ preventScroll: true }); // a phone's keyboard would cover what comes
});
byId('new-chat').addEventListener('click', () => addChat().catch(sayError));
addEventListener('online', () => outbox.retryNow());
setInterval(() => transcript.isRunning && tick(), TICK_MS);

showChat(page.draft);
outbox.restore();
connection.open();
if (hovers) composer.focus();
