/** The dashboard: charts from the numbers that came with the page. All of them are in its tables as well. */
import { drawCharts } from '../traces/dashboard/charts.js';
import { byId } from '../ui/dom.js';
import { startShell } from '../ui/shell/shell.js';

startShell();
const chart = byId('chart') && document.querySelector('[data-chart]') ? JSON.parse(byId('chart').textContent) : null;
if (chart) drawCharts(chart);
document
  .querySelector('select[name="project"]')
  ?.addEventListener('change', (event) =>
    /** @type {any} */ (event.target).form.requestSubmit(document.querySelector('.spans [aria-pressed]')),
  );
