/** The tools' labels as the server sends them, for tests to use. */
import { readFileSync } from 'node:fs';
import { useLabels } from '../../static/js/ui/tool_labels.js';

useLabels(JSON.parse(readFileSync(new URL('tool_labels.json', import.meta.url), 'utf8')));
