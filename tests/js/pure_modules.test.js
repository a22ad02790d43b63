/** What the modules of the stream need: no page around them, so that they run anywhere and are tested without a browser. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

const JS = new URL('../../static/js/', import.meta.url);
const IMPORT = /^(?:import|export)\b[^'";]*'(\.[^']+)';/gm;

/** The modules that these need, themselves included. @param {URL[]} waiting */
function needed(waiting) {
  const found = new Map();
  for (let url = waiting.pop(); url; url = waiting.pop()) {
    if (found.has(url.href)) continue;
    const source = readFileSync(url, 'utf8');
    found.set(url.href, source);
    for (const [, path] of source.matchAll(IMPORT)) waiting.push(new URL(path, url));
  }
  return found;
}

test('the stream knows no DOM, however far its imports go', () => {
  const stream = new URL('stream/', JS);
  const modules = needed(readdirSync(stream).map((name) => new URL(name, stream)));
  assert.ok(modules.has(new URL('ui/plain_text.js', JS).href), 'imports are followed');
  const impure = [...modules].filter(([, source]) => /\b(document|window|localStorage|location)\b\s*[.[]/.test(source));
  assert.deepEqual(
    impure.map(([href]) => href),
    [],
  );
});

test('no module switches on the name of a tool', () => {
  const labels = JSON.parse(readFileSync(new URL('tool_labels.json', import.meta.url), 'utf8'));
  const named = new RegExp(
    `['"](${Object.keys(labels)
      .filter((name) => name.includes('_'))
      .join('|')})['"]`,
  );
  const all = readdirSync(JS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  assert.ok(all.length > 50);
  assert.deepEqual(
    all.filter((name) => named.test(readFileSync(new URL(name, JS), 'utf8'))),
    [],
  );
});

test('the lock names no package index', () => {
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8'));
  const packages = Object.values(lock.packages);
  assert.ok(packages.length > 10);
  assert.deepEqual(
    packages.filter((one) => one.resolved),
    [],
  );
});
