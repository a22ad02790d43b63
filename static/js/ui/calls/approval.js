/** Under a tool call that waits for a person: why it asks, and the answers. */
import { h, icon } from '../dom.js';
import { visible } from '../plain_text.js';
import { call } from '../server.js';
import { SETTLE_MS } from '../shell/key_meaning.js';
import { exactPattern, withoutTarget } from '../tool_labels.js';

export class Approval {
  /** Since when it is there, or was last given the focus by the page. */
  since = performance.now();

  /** @param {string} traceId @param {{name: string, args: any}} toolCall what waits */
  constructor(traceId, toolCall) {
    this.traceId = traceId;
    this.toolCall = toolCall;
    this.exact = exactPattern(toolCall);
    this.why = h('span.why');
    this.problem = h('p.problem', { role: 'alert', hidden: true });
    this.allow = this.#button('Allow once', 'a', 'primary', () => this.decide('allow'));
    this.always = this.#button('Always allow…', 'A', '', () => this.askHowMuch());
    this.deny = this.#button('Deny', 'd', 'danger', () => this.askWhy());
    this.answers = h('div.row', {}, this.allow, this.always, this.deny);
    this.element = h(
      'div.asking',
      { role: 'group', 'aria-label': 'The agent asks', tabindex: '-1' },
      h('p', {}, icon('shield'), this.why),
      this.answers,
      this.problem,
    );
  }

  /** @param {{reason?: string}} approval */
  update({ reason }) {
    this.why.textContent = visible(
      withoutTarget(reason || 'This needs your permission. Nothing of it has run yet.', this.toolCall),
    );
  }

  /** How long the person has been able to see it, in ms. */
  get ageMs() {
    return performance.now() - this.since;
  }

  /** Gives it the focus, not one of its buttons: the space bar and Enter answer nothing here. @param {{isOwnWish?: boolean}} [by] the person went there */
  focus({ isOwnWish = false } = {}) {
    if (!isOwnWish) this.since = performance.now();
    (this.form?.querySelector('input') ?? this.element).focus();
  }

  /** @param {string} key one of its letters */
  answer(key) {
    if (this.form || this.isBusy) return;
    if (key === 'a') this.decide('allow');
    else if (key === 'A') this.askHowMuch();
    else this.askWhy();
  }

  /** The second click of a double one was meant for the button that stood there before. */
  #clicked(event, act) {
    if (event.detail > 1 && this.ageMs < SETTLE_MS) return;
    act();
  }

  #button(words, key, kind, act) {
    return h(
      `button.button${kind && `.${kind}`}`,
      {
        type: 'button',
        'aria-keyshortcuts': key === 'A' ? 'Shift+A' : key,
        onclick: (event) => this.#clicked(event, act),
      },
      words,
      h('kbd', { 'aria-hidden': 'true' }, key),
    );
  }

  /** @param {'allow'|'deny'|'always'} decision @param {{note?: string, pattern?: string}} [more] `note`: what the agent is told */
  async decide(decision, more = {}) {
    this.#setBusy(true);
    // The focus must not fall back to the page, where the next letters would have nowhere to go.
    this.element.dispatchEvent(new CustomEvent('answered', { bubbles: true }));
    try {
      await call('POST', `/api/traces/${this.traceId}/decision`, { decision, ...more });
    } catch (error) {
      this.problem.textContent = error.message;
      this.problem.hidden = false;
      this.#setBusy(false);
    }
  }

  /** A no is worth more with its reason: the agent reads it and goes another way. */
  askWhy() {
    const field = h('input.input', {
      placeholder: 'Why not? The agent reads this (may stay empty)',
      'aria-label': 'Why not',
      maxlength: '2000',
    });
    this.#ask(field, h('button.button.danger', {}, 'Deny'), this.deny, () => {
      const note = field.value.trim();
      this.decide('deny', note ? { note } : {});
    });
  }

  /** A yes for good is to this very call, or to all that a pattern covers. A call on several paths has no single pattern. */
  askHowMuch() {
    if (!this.exact) return this.decide('always');
    const field = h('input.input.code', {
      value: this.exact,
      'aria-label': 'Calls to allow from now on',
      maxlength: '2000',
      autocapitalize: 'none',
      spellcheck: 'false',
    });
    const hint = h(
      'p.fine',
      {},
      'In this project, from now on. ',
      h('code', {}, '*'),
      ' stands for anything within a word, ',
      h('code', {}, '**'),
      ' at the end for any further words.',
    );
    const offered = field.value; // a field of one line leaves out line breaks, so this may be another pattern than the exact one
    this.#ask(
      field,
      h('button.button.primary', {}, 'Always allow'),
      this.always,
      () => {
        const pattern = field.value.trim();
        this.decide('always', pattern && field.value !== offered ? { pattern } : {});
      },
      hint,
    );
  }

  /** Puts a question in the place of the answers. */
  #ask(field, button, backTo, decide, hint = null) {
    if (this.form) this.#takeBack();
    this.problem.hidden = true;
    this.backTo = backTo;
    this.form = h(
      'form.row',
      {},
      field,
      button,
      h('button.button', { type: 'button', onclick: () => this.#takeBack() }, 'Back'),
      hint,
    );
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      decide();
    });
    this.form.addEventListener('keydown', (event) => event.key === 'Escape' && this.#takeBack());
    this.answers.replaceWith(this.form);
    field.focus();
  }

  #takeBack() {
    this.form.replaceWith(this.answers);
    this.form = null;
    this.backTo.focus();
  }

  #setBusy(busy) {
    this.isBusy = busy;
    for (const button of this.element.querySelectorAll('button')) button.disabled = busy;
  }
}
