/** The lines around the composer: what runs now and for how long, and what the chat has used. */
import { h, icon, setText } from '../dom.js';
import { usageOf } from './conversation.js';
import { atLeast, cost, ticking, tokens } from '../format.js';

/** Over the composer, while a turn runs. */
export class NowBar {
  /** @param {HTMLElement} element @param {() => void} onStop */
  constructor(element, onStop) {
    this.element = element;
    this.what = h('span.what');
    this.time = h('span.time');
    this.stop = h(
      'button.button.stop',
      { type: 'button', title: 'Stop (Esc in the message field)' },
      icon('stop'),
      'Stop',
    );
    this.stop.addEventListener('click', onStop);
    element.append(h('span.spinner', { 'aria-hidden': 'true' }), this.what, this.time, this.stop);
  }

  /** @param {import('./transcript.js').Transcript} transcript @param {{stopping: boolean, isLive: boolean}} page */
  show(transcript, { stopping, isLive }) {
    this.element.hidden = !transcript.isRunning;
    if (this.element.hidden) {
      this.began = null;
      return;
    }
    this.element.classList.toggle('unknown', !isLive);
    if (!isLive) return this.#showUnknown();
    const turn = transcript.current;
    const cards = transcript.runningCards;
    const step = turn?.steps.at(-1);
    const waiting = transcript.waitingCards;
    this.element.classList.toggle('asks', waiting.length > 0);
    setText(
      this.what,
      stopping
        ? 'Stopping'
        : waiting.length
          ? waiting.length > 1
            ? `Needs you: ${waiting.length} questions`
            : 'Needs you: a question'
          : turn
            ? nowWords(step && transcript.state.messages.get(step.id), cards)
            : 'Finishing',
    );
    this.stop.disabled = stopping;
    const told = Date.parse(turn?.steps[0]?.started_at ?? turn?.asked?.created_at ?? '');
    if (this.turn !== turn?.id) this.began = null;
    this.turn = turn?.id;
    this.began ??= Number.isNaN(told) ? Date.now() : Math.min(told, Date.now());
    setText(this.time, `· turn ${ticking(Date.now() - this.began)}`);
  }

  /** The turn goes on at the server, or has ended: without a connection nobody here can tell. */
  #showUnknown() {
    this.element.classList.remove('asks');
    setText(this.what, 'Not connected: what runs now is unknown');
    setText(this.time, '');
    this.stop.disabled = false;
  }
}

function nowWords(step, cards) {
  if (cards.length) return cards[0].words.join(' ') + (cards.length > 1 ? ` and ${cards.length - 1} more` : '');
  if (!step) return 'Starting';
  if (step.status !== 'streaming') return 'Working';
  if (step.content) return 'Writing';
  return step.metadata?.reasoning ? 'Thinking' : 'Waiting for the model';
}

/** Under the composer: model, context, sums. */
export class Meter {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.fill = document.createElement('i');
    this.gauge = h('span.gauge', { role: 'img' }, this.fill);
    this.context = h('span');
    this.unit = h('span.unit', {}, ' tokens');
    this.sums = h('span');
    this.price = h('span');
    this.rate = h('span', { hidden: true });
    element.append(h('span', {}, this.gauge, this.context, this.unit, ' in context'), this.sums, this.price, this.rate);
  }

  /** @param {import('../../stream/reducer.js').State} state @param {string} chatId */
  show(state, chatId) {
    const answers = [...state.messages].filter((message) => message.chat_id === chatId && message.role === 'assistant');
    const last = answers.findLast((message) => message.ctx_used !== null);
    this.#showContext(last?.ctx_used ?? 0, last?.ctx_max ?? null);
    const used = usageOf(answers);
    for (const part of [this.context.parentElement, this.sums]) part.hidden = !used.answers;
    setText(
      this.sums,
      used.tokens.known || !used.answers ? `${atLeast(used.tokens, tokens)} in all` : 'tokens unknown',
    );
    setText(this.price, used.answers ? cost(used.cost) : '');
    this.price.hidden = !used.answers;
  }

  #showContext(used, max) {
    const share = max ? used / max : 0;
    this.gauge.hidden = !max;
    this.gauge.classList.toggle('full', share > 0.8);
    this.gauge.setAttribute('aria-label', `${Math.round(share * 100)} % of the context used`);
    this.fill.style.width = `${Math.min(100, share * 100)}%`;
    setText(this.context, max ? `${tokens(used)} of ${tokens(max)}` : tokens(used));
  }

  /** @param {number|null} rate tokens per second */
  showRate(rate) {
    this.rate.hidden = !(rate > 0);
    if (rate > 0) setText(this.rate, `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} tokens/s`);
  }
}
