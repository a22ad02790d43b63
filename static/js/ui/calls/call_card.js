/**
 * A tool call as one line that opens: what is done, how it ends, how long it takes; inside, its arguments and its result.
 *
 * @typedef {{call: {id: string, name: string, args: any}, trace: any, result: any, output: string, approval: any, alive: boolean, step: string, known: string}} CallState
 *   `result`: `tool_results` of the tool's message; `approval`: the question put to the person; `alive`: the turn still runs;
 *   `step`: status of the message that made the call;
 *   `known`: what a check found that was there before, in words
 */
import { Approval } from './approval.js';
import { callBody } from './call_body.js';
import { h, icon, setText } from '../dom.js';
import { duration, ticking, workedMs } from '../format.js';
import { lastLine, visible } from '../plain_text.js';
import { argsOf, fitsOnLine, labelsOf, outcomeOf, targetText, unrunReason, wordsFor } from '../tool_labels.js';
import { changeCounts, changesOf } from '../../diff/call_changes.js';

const FAILED = new Set(['error', 'timeout']);
const ODD = new Set(['waiting', 'denied', 'cancelled', 'interrupted']);
const OWN_WORDS = new Set(['unrun', 'known']); // how it ended is said in other words than a call's
const UNFINISHED = new Set(['pending', 'running', 'waiting']);
/** @param {CallState} state @returns {'known'|'unrun'|'pending'|'running'|'waiting'|'ok'|'error'|'timeout'|'denied'|'cancelled'|'interrupted'} */
function statusOf({ trace, result, approval, alive, known }) {
  if (approval && !approval.decision && trace?.status === 'running') return 'waiting';
  if (known && trace?.status === 'error') return 'known';
  if (trace && trace.status !== 'running') return trace.status;
  // Each call is on record before it runs: one that is not, and whose turn is over, has done nothing.
  if (!trace && (result?.error || (!result && !alive))) return 'unrun';
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
  /** When this page first saw it run, in ms of this machine's clock. @type {number|null} */
  seenAt = null;

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
    this.element.firstChild.addEventListener('click', () => (this.isPressed = true));
    this.element.addEventListener('toggle', () => {
      this.#renderBody();
      onToggle(this);
      if (this.isPressed && this.element.open) this.element.scrollIntoView({ block: 'nearest' });
      this.isPressed = false;
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
    this.#renderInterrupted();
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
    const worked = workedMs(trace);
    this.took.classList.toggle('brief', !this.isRunning && worked !== null && worked < 1000);
    if (!this.isRunning) return setText(this.took, duration(worked));
    const passed = Date.now() - this.since;
    setText(this.took, trace ? ticking(passed) : '');
    if (this.limitMs) this.fill.style.width = `${Math.min(100, (passed / this.limitMs) * 100)}%`;
  }

  /** The time that the call gave itself, in ms; 0 where it named none. */
  get limitMs() {
    return 1000 * (Number(argsOf(this.state.call).timeout_s) || 0);
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
    this.track.hidden = status !== 'running' || !this.limitMs;
  }

  #markFor(status) {
    if (status === 'running') return h('span.spinner', { role: 'img', 'aria-label': 'Running' });
    if (FAILED.has(status)) return icon('cross');
    if (status === 'waiting') return icon('shield');
    if (status === 'pending') return icon('clock');
    if (status === 'unrun') return icon('stop');
    if (ODD.has(status)) return icon('alert');
    return icon(wordsFor(this.state.call, status).icon);
  }

  #renderLine() {
    const { call, trace, result, output, step, known } = this.state;
    const { verb, target, detail } = wordsFor(call, this.status === 'known' ? 'ok' : wordedAs(this.status, trace));
    const isAsked = this.status === 'waiting';
    const shown = !isAsked ? target : fitsOnLine(call) ? visible(targetText(call)) : 'this:';
    const parts = [h('span.verb', {}, verb), ' ', shown && h('span.target', {}, shown)];
    if (detail) parts.push(' ', h('span.detail', {}, detail));
    if (this.status === 'ok') parts.push(...this.#changeCounts());
    const outcome =
      UNFINISHED.has(this.status) || OWN_WORDS.has(this.status) ? '' : outcomeOf(call, trace, result?.error);
    if (this.status === 'known') parts.push(' ', h('span.outcome', {}, `→ ${known}`));
    if (this.status === 'unrun') parts.push(' ', h('span.outcome', {}, `(${unrunReason(result?.error, step)})`));
    if (outcome) parts.push(' ', h('span.outcome', {}, `→ ${outcome}`));
    this.line.replaceChildren(...parts.filter(Boolean));
    this.line.title = `${verb} ${target}`;
    const last = this.isRunning
      ? lastLine(output)
      : FAILED.has(this.status) && !labelsOf(this.state.call).automatic
        ? this.#lastError()
        : ''; // a check's errors are told below it
    setText(this.last, last);
    this.last.hidden = !last;
  }

  #changeCounts() {
    const { call, result } = this.state;
    if (!changesOf(call, 0).length) return [];
    const { added, removed } = changeCounts(call, result?.output);
    return [' ', h('span.plus', {}, `+${added}`), removed && ' ', removed && h('span.minus', {}, `−${removed}`)].filter(
      Boolean,
    );
  }

  #lastError() {
    const { trace, result } = this.state;
    return lastLine(result?.output || trace?.output || '') || lastLine(result?.error ?? trace?.error ?? '');
  }

  #renderAsking() {
    if (this.status !== 'waiting') {
      this.approval?.element.remove();
      this.approval = null;
      return;
    }
    if (!this.approval) {
      this.approval = new Approval(this.state.trace.id, this.state.call);
      this.element.after(this.approval.element);
    }
    this.approval.update(this.state.approval);
  }

  /** Few calls are ever cut off: what it takes is loaded when one was. */
  async #renderInterrupted() {
    const { trace, result } = this.state;
    if (this.interrupted || this.status !== 'interrupted' || !trace || !result) return;
    this.interrupted = trace.id;
    const { InterruptedCall } = await import('./interrupted_call.js');
    const { element, marker } = new InterruptedCall(trace.id);
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
