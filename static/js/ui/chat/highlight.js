/** Colours in code. The library's core and each language are fetched when a block first needs them. */

const LANGUAGES = {
  bash: () => import('../../../vendor/highlight/languages/bash.min.js'),
  c: () => import('../../../vendor/highlight/languages/c.min.js'),
  cpp: () => import('../../../vendor/highlight/languages/cpp.min.js'),
  css: () => import('../../../vendor/highlight/languages/css.min.js'),
  diff: () => import('../../../vendor/highlight/languages/diff.min.js'),
  dockerfile: () => import('../../../vendor/highlight/languages/dockerfile.min.js'),
  go: () => import('../../../vendor/highlight/languages/go.min.js'),
  ini: () => import('../../../vendor/highlight/languages/ini.min.js'),
  java: () => import('../../../vendor/highlight/languages/java.min.js'),
  javascript: () => import('../../../vendor/highlight/languages/javascript.min.js'),
  json: () => import('../../../vendor/highlight/languages/json.min.js'),
  makefile: () => import('../../../vendor/highlight/languages/makefile.min.js'),
  markdown: () => import('../../../vendor/highlight/languages/markdown.min.js'),
  php: () => import('../../../vendor/highlight/languages/php.min.js'),
  python: () => import('../../../vendor/highlight/languages/python.min.js'),
  ruby: () => import('../../../vendor/highlight/languages/ruby.min.js'),
  rust: () => import('../../../vendor/highlight/languages/rust.min.js'),
  sql: () => import('../../../vendor/highlight/languages/sql.min.js'),
  typescript: () => import('../../../vendor/highlight/languages/typescript.min.js'),
  xml: () => import('../../../vendor/highlight/languages/xml.min.js'),
  yaml: () => import('../../../vendor/highlight/languages/yaml.min.js'),
};
const ALIASES = {
  sh: 'bash',
  shell: 'bash',
  console: 'bash',
  zsh: 'bash',
  h: 'c',
  'c++': 'cpp',
  hpp: 'cpp',
  patch: 'diff',
  docker: 'dockerfile',
  toml: 'ini',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  make: 'makefile',
  md: 'markdown',
  py: 'python',
  py3: 'python',
  rb: 'ruby',
  rs: 'rust',
  ts: 'typescript',
  tsx: 'typescript',
  html: 'xml',
  svg: 'xml',
  vue: 'xml',
  yml: 'yaml',
  golang: 'go',
};
const MAX_CHARS = 60_000; // beyond this a block would hold up the page for longer than its colours are worth

const loadCore = () => import('../../../vendor/highlight/core.min.js');

/** @type {Promise<any>|null} */
let core = null;
/** @type {Map<string, Promise<void>>} */
const ready = new Map();

/** Colours a code element in place, some time later. @param {HTMLElement} code @param {string} language as the fence names it */
export async function highlight(code, language) {
  const name = ALIASES[language] ?? language;
  const text = code.textContent ?? '';
  if (!Object.hasOwn(LANGUAGES, name) || text.length > MAX_CHARS) return;
  core ??= loadCore().then((module) => module.default);
  try {
    const hljs = await core;
    if (!ready.has(name))
      ready.set(
        name,
        LANGUAGES[name]().then((module) => hljs.registerLanguage(name, module.default)),
      );
    await ready.get(name);
    if (code.textContent === text)
      code.innerHTML = hljs.highlight(text, { language: name, ignoreIllegals: true }).value;
  } catch {
    // Without colours it is as readable as before.
  }
}
