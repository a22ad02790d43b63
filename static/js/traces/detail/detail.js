/** Beside the list: one call or one step, whole. */
import { diffView } from '../../diff/diff_view.js';
import { copyButton, h, icon } from '../../ui/dom.js';
import { counted, duration, tokens } from '../../ui/format.js';
import { oneLine, visible } from '../../ui/plain_text.js';
import { call as api } from '../../ui/server.js';
import { changedText, changesOf } from '../../diff/call_changes.js';
import { argsOf, labelsOf, outcomeOf, targetText, wordsFor } from '../../ui/tool_labels.js';
import { costWords, tokenTable } from '../list/amounts.js';
import { bar } from '../list/bars.js';
import { FAILED } from '../../stream/trace_store.js';
import { partsOfCall, partsOfStep } from '../timing.js';
import { OutputView } from './output.js';

const DIFF_LINES = 2000;
const PART_NAMES = {
  queue: 'in the queue',
  approval: 'waiting for you',
  execution: 'at work',
  thinking: 'before the first token',
  model: 'writing',
};

export class Detail {
  /** What is shown: a line and its status. */
  key = '';

  /** @param {HTMLElement} element @param {{onClose: () => void, chatLink: (turn: any, messageId: string) => {href: string, onclick?: (event: Event) => void}, traceLink: (id: string) => string}} actions */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      actions.onClose();
    });
  }

  hide() {
    this.key = '';
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /** @param {import('../list/lines.js').Line} line */
  async show(line) {
    const key = `${line.key} ${line.call?.status ?? line.step?.status}`;
    if (this.key === key) return;
    this.key = key;
    this.element.hidden = false;
    if (line.kind === 'step') return this.#showStep(line);
    const { call } = line;
    this.#fill(this.#head(line, callTitle(call)), h('p.fine', {}, 'Loading'));
    try {
      const trace = await api('GET', `/api/traces/${call.id}`);
      if (this.key === key) this.#showCall(line, trace);
    } catch (error) {
      if (this.key === key)
        this.#fill(this.#head(line, callTitle(call)), h('p.problem', { role: 'alert' }, error.message));
    }
  }

  #fill(...children) {
    this.element.replaceChildren(...children.filter(Boolean));
    this.element.scrollTop = 0;
  }

  #head(line, title) {
    const { href, onclick } = this.actions.chatLink(line.turn, line.call?.message_id ?? line.step.message_id);
    const link = h('a.quiet', { href, ...(onclick ? { onclick } : {}) }, icon('eye'), 'Show in the chat');
    const address = line.call && copyButton(() => this.actions.traceLink(line.call.id), 'Copy link');
    const close = h(
      'button.quiet.icon-only',
      {
        type: 'button',
        'aria-label': 'Close the details',
        title: 'Close (Esc)',
        onclick: () => this.actions.onClose(),
      },
      icon('cross'),
    );
    return h('header.detail-head', {}, title, h('div.row', {}, link, address, close));
  }

  #showCall(line, trace) {
    const call = {
      ...line.call,
      started: Date.parse(trace.started_at),
      duration_ms: trace.duration_ms,
      queue_ms: trace.queue_ms,
      wait_ms: trace.wait_ms,
    };
    const failed = FAILED.has(trace.status);
    const asked = { name: trace.tool, args: trace.input };
    this.#fill(
      this.#head(line, callTitle(line.call, trace)),
      failed && trace.error && h('p.fault', {}, icon('alert'), h('span', {}, visible(trace.error).slice(0, 4000))),
      timing(partsOfCall(call, Date.now())),
      facts(trace),
      argumentsOf(asked),
      trace.status === 'running' && !trace.output
        ? h('p.fine', {}, 'It still runs; its output comes with its end.')
        : new OutputView(trace).element,
    );
  }

  #showStep(line) {
    const { step } = line;
    const model = [step.model, step.finish_reason && `ended with “${step.finish_reason}”`].filter(Boolean).join(' · ');
    this.#fill(
      this.#head(
        line,
        h('h2', {}, h('span.verb', {}, `Step ${step.number}`), h('span.faint', {}, ` ${oneLine(model)}`)),
      ),
      step.error && h('p.fault', {}, icon('alert'), h('span', {}, visible(step.error))),
      timing(partsOfStep(step, Date.now())),
      h('h3', {}, 'Tokens'),
      tokenTable(step),
      h(
        'dl.facts',
        {},
        ...pair('Cost', step.status === 'running' ? 'not known yet' : costWords(step.cost_usd, 0, step.model)),
        ...pair('Tool calls', String(step.calls)),
      ),
    );
  }
}

function callTitle(call, trace = null) {
  const status = call.asks ? 'waiting' : (trace?.status ?? call.status);
  const { verb, target } = wordsFor({ name: call.tool, args: trace?.input ?? call.input }, status);
  const outcome = outcomeOf({ name: call.tool, args: call.input }, trace ?? call, trace?.error ?? call.last_line);
  return h(
    'h2',
    { class: FAILED.has(status) ? 'failed' : '' },
    h('span.verb', {}, verb),
    target && h('span.target', {}, ` ${target}`),
    outcome && h('span.outcome', {}, ` → ${outcome}`),
  );
}

/** One bar for the time, with its parts in numbers. */
function timing(parts) {
  const told = parts.filter((part) => part.end > part.start);
  if (!told.length) return null;
  const [start, end] = [told[0].start, told.at(-1).end];
  const shifted = told.map((part) => ({ ...part, start: part.start - start, end: part.end - start }));
  const legend = told.map((part) =>
    h('span', {}, h(`i.key.${part.kind}`), `${PART_NAMES[part.kind]} ${duration(part.end - part.start)}`),
  );
  return h('div.timing', {}, bar(shifted, { scale: end - start }), h('p.legend', {}, ...legend));
}

const pair = (name, value) =>
  value === null || value === undefined || value === '' ? [] : [h('dt', {}, name), h('dd', {}, value)];

function facts(trace) {
  const { context_tokens: added, carried_steps: carried, tokens: used = {} } = trace;
  const context =
    added === null || added === undefined
      ? null
      : `added ${counted(added, 'token')}${carried ? `, carried by ${counted(carried, 'later request')}: ${tokens(added * carried)} in all` : ''}`;
  const step = (used.prompt ?? null) === null ? null : `${tokens(used.prompt)} in, ${tokens(used.completion ?? 0)} out`;
  return h(
    'dl.facts',
    {},
    ...pair('Began', new Date(trace.started_at).toLocaleString()),
    ...pair('Exit code', trace.exit_code === null ? '' : String(trace.exit_code)),
    ...pair('Decided by', trace.decided_by && visible(trace.decided_by)),
    ...pair('Context', context),
    ...pair('Its step', step && h('span', {}, step, `, ${costWords(trace.cost_usd, 0, trace.model)}`)),
    ...pair('Model', oneLine(trace.model ?? '')),
  );
}

/** What it was asked: an edit as a coloured diff, a command as typed with the rest, anything else as JSON. */
function argumentsOf(asked) {
  const changes = changesOf(asked);
  const args = argsOf(asked);
  if (changes.length)
    return h(
      'section',
      {},
      h(
        'div.out-head',
        {},
        h('h3', {}, 'Change'),
        h('code.path', {}, oneLine(args.path ?? '')),
        copyButton(() => changedText(asked)),
      ),
      diffView(changes, DIFF_LINES),
    );
  const typed = ['command', 'check'].includes(labelsOf(asked).view) ? targetText(asked) : '';
  const named = new Set(typed ? labelsOf(asked).target : []);
  const rest = Object.fromEntries(Object.entries(args).filter(([name, value]) => !named.has(name) && value !== null));
  if (typed) return commandOf(typed, rest);
  const text = JSON.stringify(args, null, 2);
  return h(
    'section',
    {},
    h(
      'div.out-head',
      {},
      h('h3', {}, 'Arguments'),
      copyButton(() => text),
    ),
    h('pre.json', { tabindex: '0', role: 'region', 'aria-label': 'Arguments' }, ...json(args)),
  );
}

/** A command as one would type it, and what else was asked of it. */
function commandOf(typed, rest) {
  return h(
    'section',
    {},
    h(
      'div.out-head',
      {},
      h('h3', {}, 'Command'),
      copyButton(() => typed),
    ),
    h('pre.json', { tabindex: '0', role: 'region', 'aria-label': 'Command' }, visible(typed)),
    Object.keys(rest).length > 0 &&
      h('pre.json', { tabindex: '0', role: 'region', 'aria-label': 'Arguments' }, ...json(rest)),
  );
}

const JSON_PARTS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const JSON_CHARS = 100_000;

/** JSON with its colours; what hides in its strings is named. */
function json(value) {
  const text = visible(JSON.stringify(value, null, 2) ?? '');
  if (text.length > JSON_CHARS)
    return [`${text.slice(0, JSON_CHARS)}\n… ${counted(text.length - JSON_CHARS, 'more character')}`];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(JSON_PARTS)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[2]) parts.push(h('span.json-name', {}, match[1]), match[2]);
    else parts.push(h(match[1] ? 'span.json-text' : 'span.json-number', {}, match[0]));
  }
  return [...parts, text.slice(end)];
}
