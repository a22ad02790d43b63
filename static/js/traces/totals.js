/** The sums over the list; renewed when a turn ends. */
import { findAll, setText } from '../ui/dom.js';
import { duration, isScripted, tokens } from '../ui/format.js';
import { call } from '../ui/server.js';
import { costWords } from './list/amounts.js';

export class Totals {
  /** @param {HTMLElement} element @param {string} address */
  constructor(element, address) {
    this.element = element;
    this.address = address;
  }

  async renew() {
    const used = await call('GET', this.address).catch(() => null);
    if (!used) return;
    const turns = Object.values(used.turns).reduce((sum, count) => sum + count, 0);
    const model = used.by_model.every((one) => isScripted(one.model)) ? 'scripted:' : '';
    const words = {
      turns: tokens(turns),
      calls: tokens(used.calls),
      errors: tokens(used.errors),
      prompt: tokens(used.tokens.prompt),
      completion: tokens(used.tokens.completion),
      cost: costWords(used.cost_usd, used.unpriced_steps, model),
      model_ms: duration(used.model_ms),
      tool_ms: duration(used.tool_ms),
      wait_ms: used.wait_ms ? duration(used.wait_ms) : 'none',
    };
    for (const field of findAll(this.element, '[data-sum]')) setText(field, words[field.dataset.sum]);
  }
}
