/** The model picker: asks the server for what can be chosen each time it opens. */
import { h, icon } from '../dom.js';
import { modelWords } from '../format.js';
import { call } from '../server.js';

const SCRIPTED = 'scripted';

export class ModelPicker {
  /** @param {HTMLButtonElement} button @param {{chosen: () => string, choose: (name: string) => Promise<void>}} actions */
  constructor(button, actions) {
    this.button = button;
    this.actions = actions;
    this.menu = h('div.menu.models', { popover: 'auto', role: 'dialog', 'aria-label': 'Choose a model' });
    document.body.append(this.menu);
    button.addEventListener('click', () => this.#open());
    this.menu.addEventListener('keydown', (event) => this.#pressed(event));
    this.menu.addEventListener('toggle', (event) =>
      button.setAttribute('aria-expanded', String(event.newState === 'open')),
    );
  }

  async #open() {
    this.menu.replaceChildren(h('p.hint', { role: 'status' }, 'Looking for models, local servers too'));
    this.menu.showPopover({ source: this.button });
    this.#place();
    try {
      const { choices, notes } = await call('GET', '/api/models');
      this.#list(choices, notes);
    } catch (error) {
      this.menu.replaceChildren(h('p.problem', { role: 'alert' }, error.message));
    }
    this.#place();
  }

  /** Over the button, inside the window. */
  #place() {
    const spot = this.button.getBoundingClientRect();
    const { style } = this.menu;
    style.margin = '0';
    style.inset = 'auto';
    style.left = `${Math.max(8, Math.min(spot.left, innerWidth - this.menu.offsetWidth - 8))}px`;
    style.bottom = `${innerHeight - spot.top + 6}px`;
  }

  #list(models, notes) {
    const groups = new Map();
    for (const model of models) groups.set(model.provider, [...(groups.get(model.provider) ?? []), model]);
    const parts = [...groups].flatMap(([provider, found]) => {
      const [maker] = (found[0].label ?? '').split(': ');
      return [
        h('h2', {}, provider === SCRIPTED ? 'Without a model' : maker || provider),
        ...found.map((model) => this.#choice(model, `${maker}: `)),
      ];
    });
    for (const note of notes) parts.push(h('p.hint', {}, note));
    parts.push(howToAdd([...groups.keys()].every((provider) => provider === SCRIPTED)));
    this.menu.replaceChildren(...parts);
    (this.menu.querySelector('[aria-pressed="true"]') ?? this.menu.querySelector('button'))?.focus();
  }

  /** Arrows go through the models, as in a list box. */
  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...this.menu.querySelectorAll('button')];
    if (!step || !buttons.length) return;
    event.preventDefault();
    const place = buttons.indexOf(document.activeElement);
    buttons[(place + step + buttons.length) % buttons.length].focus();
  }

  /** @param {{name: string, label?: string, provider: string, local?: boolean}} model @param {string} maker said above it already */
  #choice(model, maker) {
    const chosen = model.name === this.actions.chosen();
    const label = (model.label ?? model.name).replace(maker, '');
    const button = h(
      'button',
      { type: 'button', 'aria-pressed': String(chosen) },
      icon('check'),
      h('span', {}, model.name === 'scripted:demo' ? modelWords(model.name) : label),
      model.local && model.provider !== SCRIPTED && h('span.tag', {}, 'on this machine'),
    );
    button.addEventListener('click', () => this.#choose(model.name));
    return button;
  }

  async #choose(name) {
    try {
      await this.actions.choose(name);
      this.menu.hidePopover();
      this.button.focus();
    } catch (error) {
      this.menu.prepend(h('p.problem', { role: 'alert' }, error.message));
    }
  }
}

/** @param {boolean} open where there is no model yet, that is what the list is for */
function howToAdd(open) {
  const line = (text) => h('code', {}, text);
  return h(
    'details.add',
    { open },
    h('summary', {}, open ? 'To work with a real model' : 'Add a model'),
    h('p', {}, 'Stop BooCode and start it with one of these:'),
    h(
      'pre',
      { tabindex: '0' },
      'ANTHROPIC_API_KEY=… make run\nOPENAI_API_KEY=… make run\nOPENAI_API_KEY=… OPENAI_BASE_URL=https://…/v1 make run',
    ),
    h(
      'p',
      {},
      'Or start Ollama, LM Studio, llama.cpp or vLLM on this machine and open this list again: they need no key. ',
      line('BOOCODE_MODEL'),
      ' sets the default.',
    ),
  );
}
