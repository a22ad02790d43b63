/** One message each: what a person wrote, what the agent said and did in a step, what the system notes. */
import { toldOfErrors } from './build_result.js';
import { CallCard } from '../calls/call_card.js';
import { copyButton, h, icon, setText } from '../dom.js';
import { visible } from '../plain_text.js';
import { call } from '../server.js';
import { isAutomatic } from '../tool_labels.js';
import { Prose } from './prose.js';
import { endingOf } from './step_ending.js';

const LONG_CHARS = 3_000;

export class UserMessage {
  constructor() {
    this.said = h('div.said', { dir: 'auto' });
    this.waits = h('p.waits', {}, icon('clock'), 'Waits for the turn before it to end');
    this.element = h('article.message.user', { 'aria-label': 'You' }, this.said);
  }

  update(message, { queued }) {
    if (queued) this.element.append(this.waits);
    else this.waits.remove();
    if (message.content === this.content) return;
    this.content = message.content;
    this.message = message;
    setText(this.said, visible(message.content));
    this.said.classList.toggle('long', message.content.length > LONG_CHARS);
    this.more?.remove();
    if (message.content.length > LONG_CHARS) this.said.after((this.more = this.#moreButton()));
  }

  #moreButton() {
    return wholeButton(this.message, (content) => {
      setText(this.said, visible(content));
      this.said.classList.add('open');
    });
  }
}

/** Shows a long message; one that the snapshot had to cut is fetched. @param {any} message @param {(content: string) => void} show */
function wholeButton(message, show) {
  const button = h('button.quiet', { type: 'button' }, 'Show all of it');
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      const whole = isCut(message) ? await call('GET', `/api/messages/${message.id}`) : message;
      button.remove();
      show(whole.content);
    } catch (error) {
      button.disabled = false;
      setText(button, `${/** @type {Error} */ (error).message} Try again`);
    }
  });
  return button;
}

const isCut = (message) => message.cut?.includes('content') ?? false;

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
  /** @type {HTMLElement|null} */
  fault = null;

  /** @param {(card: CallCard) => void} onToggle */
  constructor(onToggle) {
    this.onToggle = onToggle;
    this.element = h('article.message.assistant', { 'aria-label': 'Agent' });
    /** @type {Map<string, CallCard>} */
    this.cards = new Map();
  }

  /** @param {any} message @param {{checks: any[], callState: (call: any, message: any) => any, ask: (action: string) => void}} world `ask` has the model go on */
  update(message, world) {
    const whole = message.status !== 'streaming';
    if (message !== this.message) {
      this.#renderThought(message.metadata?.reasoning ?? '', !message.content && !whole);
      this.#renderProse(message.content, whole);
      this.#renderRest(message);
      this.#renderFault(message, world.ask);
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
      this.thoughtBody = h('div.body', { tabindex: '0', dir: 'auto' });
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

  /** Below the text of a message that the snapshot had to cut. @param {any} message */
  #renderRest(message) {
    if (!isCut(message) || this.rest || !this.prose) return;
    this.rest = wholeButton(message, (content) => this.prose?.update(content, true));
    this.prose.element.after(this.rest);
  }

  #renderFault(message, ask) {
    const { status, metadata } = message;
    const ending = endingOf(message);
    const words = ending?.words ?? faultWords(status, metadata);
    if (!words) return;
    this.fault ??= this.element.appendChild(h('p'));
    this.fault.className = status === 'failed' ? 'fault' : 'fault mild';
    const act = ending?.action;
    const button = act && h('button.quiet', { type: 'button', onclick: () => ask(act) }, act);
    this.fault.replaceChildren(icon('alert'), h('span', {}, visible(words)), ...[button].filter(Boolean));
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
      if (isAutomatic(call.name) && call.args.attempt === 0) this.calls.prepend(card.element);
      else this.calls.append(card.element);
    }
    return card;
  }
}

function faultWords(status, metadata) {
  if (status === 'failed') return metadata?.error ?? 'The model could not finish this answer.';
  if (status === 'interrupted')
    return 'Cut off here by a restart of the server. What was said so far is kept; the question is asked again.';
  if (status === 'cancelled') return 'Stopped here.';
  return '';
}

/** Copies the words of an answer. @param {() => string} text */
export const copyAnswer = (text) => copyButton(text, 'Copy answer');
