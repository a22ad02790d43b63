/** Building elements without HTML strings: text stays text. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag with classes after dots, such as `button.quiet.icon-only`
 * @param {Record<string, any>} [props] attributes; `on…` are listeners; false, null and undefined are left out
 * @param {...any} children nodes and texts; false, null and undefined are left out
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A picture of the sprite in the page, for the eye only. @param {string} name */
export function icon(name, className = 'icon') {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Sets text only when it differs, so that a selection in it survives. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The element that a template has put there. @param {ParentNode} root @param {string} selector @returns {any} */
export const find = (root, selector) => root.querySelector(selector);

/** @param {ParentNode} root @param {string} selector @returns {any[]} */
export const findAll = (root, selector) => [...root.querySelectorAll(selector)];

/** The element with this selector that an event came to, or that is around it. @param {Event} event @param {string} selector @returns {any} */
export const closest = ({ target }, selector) => (target instanceof Element ? target.closest(selector) : null);

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** A button that copies what `text` gives at the time, and says that it did. @param {() => string} text */
export function copyButton(text, label = 'Copy') {
  const words = h('span', {}, label);
  const button = h('button.quiet', { type: 'button' }, icon('copy'), words);
  button.addEventListener('click', async () => {
    const done = await copy(text());
    setText(words, done ? 'Copied' : 'Not allowed to copy');
    setTimeout(() => setText(words, label), 1500);
  });
  return button;
}

/** The clipboard exists on https and localhost only; elsewhere the old way still works. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h('textarea', { class: 'visually-hidden' });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
