/** What a chat without messages shows: what to do here, and some ways to begin. */
import { h, icon } from '../dom.js';

const BEGINNINGS = [
  'Explain how this project is built and where to start reading.',
  'Run the tests and fix what fails.',
  'Find the riskiest code here and say why.',
];

/**
 * @param {string} project its name
 * @param {{suggest: (text: string) => void, chooseModel: () => void}} actions `suggest` puts a text into the composer
 */
export function welcome(project, { suggest, chooseModel }) {
  return h(
    'div.welcome',
    {},
    icon('ghost', 'ghost'),
    h('h2', {}, `What should change in ${project}?`),
    h(
      'p',
      {},
      'Say it in your own words. Each file read, edit and command appears here as it happens, with its time and result; Stop ends it at any moment.',
    ),
    h(
      'p.scripted',
      {},
      'A script answers here, no model: it shows what a turn looks like. ',
      h('button.link', { type: 'button', onclick: chooseModel }, 'Choose a model'),
    ),
    h(
      'ul',
      { class: 'beginnings' },
      ...BEGINNINGS.map((text) =>
        h('li', {}, h('button.button', { type: 'button', onclick: () => suggest(text) }, text)),
      ),
    ),
  );
}
