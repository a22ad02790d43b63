/**
 * Markdown that grows: only the last blocks of the text are read again when more of it comes, and a block that did not
 * change keeps its element (and what the reader selected in it).
 */
import { blocksOf, finishBlock, renderBlock } from './markdown.js';
import { visible } from '../plain_text.js';

const UNSETTLED = 2; // how many blocks at the end may still become something else
const DEFINITION = /^ {0,3}\[[^\]]+\]:/m;

export class Prose {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.text = '';
    this.whole = false;
    /** @type {{raw: string, element: any, done: boolean}[]} */
    this.blocks = [];
  }

  /** @param {string} content all of it @param {boolean} whole no more will come */
  update(content, whole) {
    const text = visible(content.replace(/\r\n?/g, '\n'));
    if (text === this.text && whole === this.whole) return;
    const keep = this.#settled(text, whole);
    const start = this.blocks.slice(0, keep).reduce((sum, block) => sum + block.raw.length, 0);
    this.#replace(keep, blocksOf(text.slice(start)), whole);
    this.text = text;
    this.whole = whole;
  }

  /** How many blocks at the start need no second look. */
  #settled(text, whole) {
    if (!text.startsWith(this.text)) return 0;
    if (whole && DEFINITION.test(text)) return 0; // a link may have been defined after its use
    const isExact = this.blocks.reduce((sum, block) => sum + block.raw.length, 0) === this.text.length;
    return isExact ? Math.max(0, this.blocks.length - UNSETTLED) : 0;
  }

  #replace(keep, read, whole) {
    const settled = this.blocks.slice(0, keep);
    const old = this.blocks.slice(keep);
    const fresh = read.map((block, index) => {
      const done = whole || index < read.length - 1;
      const element = this.#elementFor(block, old[index], keep === 0 && whole && read.links, read.links);
      if (element && done && !(old[index]?.done && old[index].element === element)) finishBlock(element);
      return { raw: block.raw, element, done };
    });
    this.#show(settled.findLast((block) => block.element)?.element, old, fresh);
    this.blocks = [...settled, ...fresh];
  }

  #elementFor(block, known, definitions, links) {
    if (block.type === 'space' || block.type === 'def') return null;
    const isFinal = definitions && Object.keys(definitions).length > 0;
    if (known?.element && known.raw === block.raw && !isFinal) return known.element;
    return this.#grown(known, block) ?? renderBlock(block, links);
  }

  /** A code block that got longer keeps its element: only the text is added. */
  #grown(known, block) {
    const code = known?.element?.code;
    if (block.type !== 'code' || !code || known.done || known.raw.split('\n')[0] !== block.raw.split('\n')[0])
      return null;
    const { text } = block;
    if (!text.startsWith(code.textContent)) return null;
    code.append(text.slice(code.textContent.length));
    code.normalize();
    return known.element;
  }

  /** Puts the fresh elements behind `last`, moving none that is in its place. */
  #show(last, old, fresh) {
    const kept = new Set(fresh.map((block) => block.element));
    for (const { element } of old) if (element && !kept.has(element)) element.remove();
    let next = last ? last.nextSibling : this.element.firstChild;
    for (const { element } of fresh) {
      if (!element) continue;
      if (element === next) next = next.nextSibling;
      else this.element.insertBefore(element, next);
    }
  }
}
