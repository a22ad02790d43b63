/** What ESLint looks at: mistakes, not layout, which is prettier's. Run from the repository's top. */
import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['static/vendor/**', 'static/js/stream/contract.js'] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-control-regex': 'off', // terminal escapes are what some expressions look for
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.object.name="Object"][callee.property.name="assign"] > ThisExpression',
          message: 'Declare the fields of the class, so that they can be read and checked.',
        },
      ],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['static/js/**'], languageOptions: { globals: globals.browser } },
  {
    files: ['static/js/stream/**', 'static/js/diff/**'],
    languageOptions: { globals: { document: 'off', window: 'off' } },
  },
  { files: ['tests/js/**'], languageOptions: { globals: globals.node } },
];
