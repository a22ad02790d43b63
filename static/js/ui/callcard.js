/**
 * A tool call as one line that opens: what is done, how it ends, how long it takes; inside, its arguments and its result.
 *
 * @typedef {{call: {id: string, name: string, args: any}, trace: any, result: any, output: string, approval: any, alive: boolean}} CallState
 *   `result`: `tool_results` of the tool's message; `approval`: the question put to the person; `alive`: the turn still runs
 */
import { Asking } from './asking.js';
import { callBody } from './callbody.js';
import { h, icon, setText } from './dom.js';
import { duration, ticking, workedMs } from './format.js';
import { lastLine } from './plaintext.js';
import { changeCounts, changesOf, outcomeOf, wordsFor } from './wording.js';

const FAILED = new Set(['error', 'timeout']);
const ODD = new Set(['waiting', 'denied', 'cancelled', 'interrupted']);
const UNFINISHED = new Set(['pending', 'running', 'waiting']);
const TIME_LIMIT_MS = 30_000; // a command's usual one: the bar is full when it is reached

/** @param {CallState} state @returns {'pending'|'running'|'waiting'|'ok'|'error'|'timeout'|'denied'|'cancelled'|'interrupted'} */
export function statusOf({ trace, result, approval, alive }) {
  if (approval && !approval.decision && trace?.status === 'running') return 'waiting';
  if (trace && trace.status !== 'running') return trace.status;
  if (result) return result.error ? 'error' : 'ok';
  if (!alive) return 'interrupted';
  return trace ? 'running' : 'pending';
}


/** What the line's words follow: a call that was stopped while it waited for permission has not run. */
function wordedAs(status, trace) {
  const hasNotRun = status === 'cancelled' && trace?.wait_ms > 0 && workedMs(trace) === 0;
  return hasNotRun ? 'denied' : status;
}

export class CallCard {
  /** @param {(card: CallCard) => void} onToggle the reader opened or closed it */
  constructor(onToggle) {
    this.line = h('span.line');
    this.took = h('span.took');
    this.last = h('span.last', { hidden: true });
    this.mark = h('span');
    this.fill = document.createElement('i');
    this.track = h('span.track', { 'aria-hidden': 'true', hidden: true }, this.fill);
    this.element = h('details.call', {}, h('summary', {}, this.mark, this.line, this.took, this.last, this.track));
    this.element.card = this;
    this.element.addEventListener('toggle', () => {
      this.#renderBody();
      onToggle(this);
    });
    /** @type {CallState|null} */
    this.state = null;
    this.status = '';
  }

  /** @param {CallState} state */
  update(state) {
    this.state = state;
    const status = statusOf(state);
    if (status !== this.status) this.#setStatus(status);
    this.#renderLine();
    this.tick();
    this.#renderAsking();
    this.#renderAftermath();
    this.#renderBody();
  }

  get isRunning() {
    return this.status === 'running';
  }

  /** When it began, in ms of this machine's clock; the server's may go ahead of it. */
  get since() {
    const told = Date.parse(this.state?.trace?.started_at ?? '');
    this.seenAt ??= Date.now();
    return this.allowedAt ?? (Number.isNaN(told) ? this.seenAt : Math.min(told, this.seenAt));
  }

  /** Renews what depends on the time. */
  tick() {
    const { trace } = this.state;
    if (!this.isRunning) return setText(this.took, duration(workedMs(trace)));
    const passed = Date.now() - this.since;
    setText(this.took, trace ? ticking(passed) : '');
    this.fill.style.width = `${Math.min(100, (passed / TIME_LIMIT_MS) * 100)}%`;
  }

  /** The words of its line, for the bar over the composer. */
  get words() {
    const { verb, target } = wordsFor(this.state.call, this.status);
    return [verb, target];
  }

  #setStatus(status) {
    // What is asked for is shown whole; afterwards a line is enough again.
    if (status === 'waiting') this.element.open = true;
    else if (this.status === 'waiting') {
      this.element.open = false;
      this.allowedAt = Date.now(); // the time it waited is the person's
    }
    this.status = status;
    this.element.className = `call ${FAILED.has(status) ? 'failed' : ODD.has(status) ? 'odd' : status}${status === 'waiting' ? ' waiting' : ''}`;
    this.mark.replaceWith((this.mark = this.#markFor(status)));
    this.track.hidden = status !== 'running';
  }

  #markFor(status) {
    if (status === 'running') return h('span.spinner', { role: 'img', 'aria-label': 'Running' });
    if (FAILED.has(status)) return icon('cross');
    if (status === 'waiting') return icon('shield');
    if (status === 'pending') return icon('clock');
    if (ODD.has(status)) return icon('alert');
    return icon(wordsFor(this.state.call, status).icon);
  }

  #renderLine() {
    const { call, trace, result, output } = this.state;
    const { verb, target, detail } = wordsFor(call, wordedAs(this.status, trace));
    const parts = [h('span.verb', {}, verb), ' ', target && h('span.target', {}, target)];
    if (detail) parts.push(' ', h('span.detail', {}, detail));
    if (this.status === 'ok') parts.push(...this.#changeCounts());
    const outcome = UNFINISHED.has(this.status) ? '' : outcomeOf(call, trace, result?.error);
    if (outcome) parts.push(' ', h('span.outcome', {}, `→ ${outcome}`));
    this.line.replaceChildren(...parts.filter(Boolean));
    this.line.title = `${verb} ${target}`;
    const last = this.isRunning ? lastLine(output) : FAILED.has(this.status) && this.state.call.name !== 'check' ? this.#lastError() : ''; // a check's errors are told below it
    setText(this.last, last);
    this.last.hidden = !last;
  }

  #changeCounts() {
    const { call, result } = this.state;
    if (!changesOf(call, 0).length) return [];
    const { added, removed } = changeCounts(call, result?.output);
    return [' ', h('span.plus', {}, `+${added}`), removed && ' ', removed && h('span.minus', {}, `−${removed}`)].filter(Boolean);
  }

  #lastError() {
    const { trace, result } = this.state;
    return lastLine(result?.output || trace?.output || '') || lastLine(result?.error ?? trace?.error ?? '');
  }

  #renderAsking() {
    if (this.status !== 'waiting') {
      this.asking?.element.remove();
      this.asking = null;
      return;
    }
    if (!this.asking) {
      this.asking = new Asking(this.state.trace.id, this.state.call);
      this.element.after(this.asking.element);
    }
    this.asking.update(this.state.approval);
  }

  /** Few calls are ever cut off: what it takes is loaded when one was. */
  async #renderAftermath() {
    const { trace, result } = this.state;
    if (this.aftermath || this.status !== 'interrupted' || !trace || !result) return;
    this.aftermath = trace.id;
    const { Aftermath } = await import('./aftermath.js');
    const { element, marker } = new Aftermath(trace.id);
    this.element.after(marker, element);
  }

  /** The inside is built when it is looked at, and again when something new is known. */
  #renderBody() {
    if (!this.element.open) {
      this.body?.remove();
      this.body = null;
      return;
    }
    const { trace, result, output, call } = this.state;
    const shown = [this.status, trace, result, this.isRunning && output, call];
    if (this.body && shown.every((value, index) => value === this.shown[index])) return;
    const fresh = callBody(this.state, this.status);
    if (this.body) this.body.replaceWith(fresh);
    else this.element.append(fresh);
    this.body = fresh;
    this.shown = shown;
  }
}
