/** Tokens and money in the list and in the details. */
import { h } from '../../ui/dom.js';
import { dollars as price, isScripted, tokens } from '../../ui/format.js';

/** @param {number|null} amount @param {number} unpriced steps whose price is unknown @param {string} [model] */
export function costWords(amount, unpriced = 0, model = '') {
  if (isScripted(model) && !amount) return 'no cost';
  if (amount === null || amount === undefined) return 'unknown';
  return unpriced ? `≥ ${price(amount)}` : price(amount);
}

/**
 * A step's tokens in four parts that add up: what of the prompt was new and what came from the cache, what of the answer
 * was said and what was reasoning. @param {import('../../stream/trace_store.js').Step} step
 * @returns {{kind: string, name: string, count: number}[]}
 */
function tokenParts(step) {
  const [prompt, completion] = [step.prompt ?? 0, step.completion ?? 0];
  const cache = Math.min(prompt, step.cache ?? 0);
  const reasoning = Math.min(completion, step.reasoning ?? 0);
  return [
    { kind: 'cached', name: 'prompt, cached', count: cache },
    { kind: 'prompt', name: 'prompt, new', count: prompt - cache },
    { kind: 'reasoning', name: 'reasoning', count: reasoning },
    { kind: 'completion', name: 'completion', count: completion - reasoning },
  ];
}

/** @param {import('../../stream/trace_store.js').Step} step */
export const stepTokens = (step) =>
  tokenParts(step)
    .filter((part) => part.count)
    .map((part) => `${part.name} ${part.count.toLocaleString('en')}`)
    .join(', ');

/** One stacked bar, to the scale of the step with the most tokens. */
export function tokenBar(step, most) {
  const element = h('span.token-bar', { title: stepTokens(step) });
  for (const { kind, count } of tokenParts(step)) {
    if (!count) continue;
    const part = document.createElement('i');
    part.className = kind;
    part.style.width = `${(100 * count) / Math.max(1, most)}%`;
    element.append(part);
  }
  return element;
}

/** The bar large, with its numbers. */
export function tokenTable(step) {
  const parts = tokenParts(step);
  const sum = parts.reduce((total, part) => total + part.count, 0);
  const bar = tokenBar(step, sum);
  bar.classList.add('large');
  const unknown = (name) =>
    ({ cached: step.cache, prompt: step.prompt, reasoning: step.reasoning, completion: step.completion })[name] ?? null;
  const entries = parts.flatMap(({ kind, name, count }) => [
    h('dt', {}, h(`i.key.${kind}`), name),
    h('dd', {}, unknown(kind) === null ? 'not told' : count.toLocaleString('en')),
  ]);
  return h('div.tokens-whole', {}, bar, h('dl', {}, ...entries, h('dt', {}, 'in all'), h('dd', {}, tokens(sum))));
}
