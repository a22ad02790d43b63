/** The sums over the list; renewed when a turn ends. */
import { setText } from '../ui/dom.js';
import { duration, tokens } from '../ui/format.js';
import { call } from '../ui/rest.js';
import { dollars } from './amounts.js';

export class Totals {
  /** @param {HTMLElement} element @param {string} address */
  constructor(element, address) {
    Object.assign(this, { element, address });
  }

  async renew() {
    const used = await call('GET', this.address).catch(() => null);
    if (!used) return;
    const turns = Object.values(used.turns).reduce((sum, count) => sum + count, 0);
    const model = used.by_model.every((one) => one.model.startsWith('scripted:')) ? 'scripted:' : '';
    const words = {
      turns: tokens(turns), calls: tokens(used.calls), errors: tokens(used.errors), prompt: tokens(used.tokens.prompt), completion: tokens(used.tokens.completion),
      cost: dollars(used.cost_usd, used.unpriced_steps, model), model_ms: duration(used.model_ms), tool_ms: duration(used.tool_ms), wait_ms: used.wait_ms ? duration(used.wait_ms) : 'none',
    };
    for (const field of this.element.querySelectorAll('[data-sum]')) setText(field, words[field.dataset.sum]);
  }
}
