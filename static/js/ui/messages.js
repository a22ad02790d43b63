/** One message each: what a person wrote, what the agent said and did in a step, what the system notes. */
import { toldOfErrors } from './build.js';
import { CallCard } from './callcard.js';
import { copyButton, h, icon, setText } from './dom.js';
import { visible } from './plaintext.js';
import { Prose } from './prose.js';

const LONG_CHARS = 3_000;

export class UserMessage {
  constructor() {
    this.said = h('div.said');
    this.waits = h('p.waits', {}, icon('clock'), 'Waits for the turn before it to end');
    this.element = h('article.message.user', { 'aria-label': 'You' }, this.said);
  }

  update(message, { queued }) {
    if (queued) this.element.append(this.waits);
    else this.waits.remove();
    if (message.content === this.content) return;
    this.content = message.content;
    setText(this.said, visible(message.content));
    this.said.classList.toggle('long', message.content.length > LONG_CHARS);
    this.more?.remove();
    if (message.content.length > LONG_CHARS) this.said.after((this.more = this.#moreButton()));
  }

  #moreButton() {
    const button = h('button.quiet', { type: 'button' }, 'Show all of it');
    button.addEventListener('click', () => {
      this.said.classList.add('open');
      button.remove();
    });
    return button;
  }
}

export class NoticeMessage {
  constructor() {
    this.element = h('article.message.notice', { 'aria-label': 'Note' });
  }

  update(message) {
    if (message.content === this.content) return;
    this.content = message.content;
    if (message.kind === 'build') this.element.replaceChildren(toldOfErrors(message.content));
    else this.element.replaceChildren(h('p.fault.mild', {}, icon('alert'), h('span', {}, visible(message.content))));
  }
}

export class StepMessage {
  /** @param {(card: CallCard) => void} onToggle */
  constructor(onToggle) {
    this.onToggle = onToggle;
    this.element = h('article.message.assistant', { 'aria-label': 'Agent' });
    /** @type {Map<string, CallCard>} */
    this.cards = new Map();
  }

  /** @param {any} message @param {{checks: any[], callState: (call: any, message: any) => any}} world */
  update(message, world) {
    const whole = message.status !== 'streaming';
    if (message !== this.message) {
      this.#renderThought(message.metadata?.reasoning ?? '', !message.content && !whole);
      this.#renderProse(message.content, whole);
      this.#renderFault(message);
    }
    const says = message.content || message.tool_calls?.length || message.metadata?.reasoning || world.checks.length;
    this.element.classList.toggle('empty', !says && whole && !this.fault);
    this.message = message;
    this.#renderCalls(message, world);
  }

  #renderThought(reasoning, thinking) {
    if (!reasoning) return;
    if (!this.thought) {
      this.thoughtTitle = h('span');
      this.thoughtBody = h('div.body', { tabindex: '0' });
      this.thought = h('details.thought', {}, h('summary', {}, icon('thought'), this.thoughtTitle), this.thoughtBody);
      this.element.prepend(this.thought);
    }
    setText(this.thoughtTitle, thinking ? 'Thinking' : 'Thought');
    setText(this.thoughtBody, visible(reasoning));
  }

  #renderProse(content, whole) {
    if (!content.trim()) return;
    if (!this.prose) {
      const element = h('div.prose');
      if (this.thought) this.thought.after(element);
      else this.element.prepend(element);
      this.prose = new Prose(element);
    }
    this.prose.update(content, whole);
  }

  #renderFault({ status, metadata }) {
    const words = faultWords(status, metadata);
    if (!words) return;
    this.fault ??= this.element.appendChild(h('p'));
    this.fault.className = status === 'failed' ? 'fault' : 'fault mild';
    this.fault.replaceChildren(icon('alert'), h('span', {}, visible(words)));
  }

  #renderCalls(message, world) {
    const calls = message.tool_calls ?? [];
    if (!calls.length && !world.checks.length) return;
    if (!this.calls) {
      this.calls = h('div.calls');
      if (this.fault) this.fault.before(this.calls);
      else this.element.append(this.calls);
    }
    for (const call of calls) this.#card(call).update(world.callState(call, message));
    for (const check of world.checks) this.#card(check).update(world.callState(check, message));
  }

  #card(call) {
    let card = this.cards.get(call.id);
    if (!card) {
      card = new CallCard(this.onToggle);
      this.cards.set(call.id, card);
      // The check that sees how things stand runs before the first call that writes.
      if (call.name === 'check' && call.args.attempt === 0) this.calls.prepend(card.element);
      else this.calls.append(card.element);
    }
    return card;
  }
}

function faultWords(status, metadata) {
  if (status === 'failed') return metadata?.error ?? 'The model could not finish this answer.';
  if (status === 'interrupted') return 'Cut off here by a restart of the server. What was said so far is kept; the question is asked again.';
  if (status === 'cancelled') return 'Stopped here.';
  return '';
}

/** Copies the words of an answer. @param {() => string} text */
export const copyAnswer = (text) => copyButton(text, 'Copy answer');
