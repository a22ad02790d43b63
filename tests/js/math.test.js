/** Formulas keep their signs through Markdown, and what only looks like one stays text. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Marked } from '../../static/vendor/marked/marked.esm.js';
import { MATH, texOf } from '../../static/js/ui/chat/math.js';

const marked = new Marked({ gfm: true, extensions: MATH });
const formulas = (text) =>
  [...marked.parse(text).matchAll(/<code class="math">(.*?)<\/code>/gs)].map(([, raw]) => raw.replaceAll('&amp;', '&'));

const MATHS = {
  'so $x_1 * y_1 * z$ holds': ['$x_1 * y_1 * z$'],
  'a \\(a_{1} \\times b_{2}\\) b': ['\\(a_{1} \\times b_{2}\\)'],
  '\\[\n\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}\n\\]': ['\\[\n\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}\n\\]'],
  '$$\nE = mc^2\n$$\n\nand more': ['$$\nE = mc^2\n$$'],
  'in line $$a_1$$ too': ['$$a_1$$'],
  'Let $n$ be odd, $k = 2$.': ['$n$', '$k = 2$'],
  '- item $a_i$\n- item $b_i$': ['$a_i$', '$b_i$'],
  '\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}': ['\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}'],
};
for (const [text, found] of Object.entries(MATHS))
  test(`it finds the formulas of ${JSON.stringify(text)}`, () => assert.deepEqual(formulas(text), found));

const TEXTS = [
  'from $5 to $6',
  'it costs 5$ or 6$ each',
  'between $5 and 10$ a month',
  'echo $HOME/bin:$PATH',
  '${a} and ${b}',
  '`$x_1$` is code',
  '```\n$$a$$\n```',
  'a $ b $ c',
  'US$5 and A$6',
  '\\$x\\$',
  'half a $formula_',
];
for (const text of TEXTS) test(`it leaves ${JSON.stringify(text)} alone`, () => assert.deepEqual(formulas(text), []));

test('it gives what stands between the signs', () => {
  assert.deepEqual(texOf('$$ a $$'), { tex: 'a', display: true });
  assert.deepEqual(texOf('\\(a\\)'), { tex: 'a', display: false });
  assert.deepEqual(texOf('$a$'), { tex: 'a', display: false });
  assert.equal(texOf('a'), null);
});
