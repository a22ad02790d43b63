/** Charts of the dashboard: a bar for each day, stacked by model. */
import uplot from '../../../vendor/uplot/uPlot.esm.js';
import { h } from '../../ui/dom.js';
import { tokens } from '../../ui/format.js';
import { costWords } from '../list/amounts.js';
import { series } from './day_sums.js';

/** A class written as a function. @type {any} */
const uPlot = uplot;
const HEIGHT_PX = 208;
const EMPTY = {
  tokens: 'No model told how many tokens it took.',
  cost: 'Nothing with a known price ran in this time.',
  calls: 'No tool was called in this time.',
};
const HUES = [
  ['#1f55c4', '#8fb4ff'],
  ['#1c8a6c', '#4fc3a1'],
  ['#b86a00', '#f0bd63'],
  ['#7a55d6', '#a58bf0'],
  ['#a8316f', '#f08fbd'],
  ['#0b6a78', '#6fd3e0'],
];
const REST = ['#8b867d', '#7b7f88'];
const BAD = ['#b3261e', '#ff9b92'];

const isDark = () =>
  getComputedStyle(document.documentElement).colorScheme === 'dark' ||
  (document.documentElement.dataset.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
const token = (name) => {
  const probe = h('i', { class: 'visually-hidden' });
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const KINDS = {
  tokens: { value: (model) => (model.tokens.prompt ?? 0) + (model.tokens.completion ?? 0), words: tokens },
  cost: {
    value: (model) => model.cost_usd ?? 0,
    words: costWords,
    axis: (marks) => marks.map((mark) => `$${mark.toFixed(digitsOf(marks))}`),
  },
};

/** As many as the marks of an axis need to differ: none, or cents and beyond. */
function digitsOf([first, second = first]) {
  const digits = Math.ceil(-Math.log10(second - first || 1));
  return digits > 0 ? Math.min(6, Math.max(2, digits)) : 0;
}

/** @param {{since: string, until: string, days: any[]}} chart */
export function drawCharts(chart) {
  const plots = [];
  const draw = () => {
    for (const { plot } of plots.splice(0)) plot.destroy();
    for (const element of document.querySelectorAll('[data-chart]')) {
      const plot = drawOne(/** @type {HTMLElement} */ (element), chart);
      if (plot) plots.push({ element, plot });
    }
  };
  draw();
  const resized = new ResizeObserver(() => {
    for (const { element, plot } of plots) plot.setSize({ width: element.clientWidth, height: HEIGHT_PX });
  });
  for (const { element } of plots) resized.observe(element);
  // Canvas knows no CSS: other colours, another drawing.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ['data-theme'] });
}

function drawOne(element, chart) {
  const name = element.dataset.chart;
  const dark = isDark() ? 1 : 0;
  const found = name === 'calls' ? callSeries(chart) : series(chart, KINDS[name].value);
  const colours =
    name === 'calls' ? [BAD[dark], HUES[1][dark]] : found.names.map((one, index) => (HUES[index] ?? REST)[dark]);
  const words = KINDS[name]?.words ?? tokens;
  const legend = document.querySelector(`[data-legend="${name}"]`);
  const unpriced = name === 'cost' ? unpricedIn(chart) : [];
  const show = (day) => showLegend(legend, found, colours, words, day, unpriced);
  show(null);
  if (!found.stacked.flat().some((value) => value > 0)) {
    element.replaceChildren(h('p.chart-empty', {}, EMPTY[name]));
    return null;
  }
  const ink = token('ink-soft');
  const line = token('line');
  const axis = {
    stroke: ink,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    font: '13px system-ui, sans-serif',
  };
  const options = {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    padding: [8, 20, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    scales: {
      x: { range: (_, from, to) => [from - 43_200, to + 43_200] },
      y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, marks) => marks.map((mark) => dayWords(mark)),
        size: 34,
        space: 64,
        incrs: [1, 2, 7, 14, 28, 91, 182, 365].map((days) => days * 86_400),
      },
      {
        ...axis,
        size: (_, words) => Math.max(44, 16 + 8 * Math.max(0, ...(words ?? []).map((word) => word.length))),
        values: (_, marks) => (KINDS[name]?.axis ?? ((all) => all.map(words)))(marks),
      },
    ],
    // The tallest first: each lower sum is drawn over it.
    series: [
      {},
      ...found.stacked
        .map((_, index) => ({
          stroke: colours[index],
          fill: colours[index],
          width: 0,
          paths: uPlot.paths.bars({ size: [0.7, 40], gap: 1 }),
          points: { show: false },
        }))
        .reverse(),
    ],
    hooks: { setCursor: [(plot) => show(plot.cursor.idx ?? null)] },
  };
  return new uPlot(options, [found.days, ...[...found.stacked].reverse()], element);
}

function callSeries({ since, until, days }) {
  const split = days.map((day) => ({
    ...day,
    models: [
      { model: 'failed', calls: day.errors },
      { model: 'went well', calls: day.calls - day.errors },
    ],
  }));
  return series({ since, until, days: split }, (one) => one.calls, ['failed', 'went well']);
}

const dayWords = (seconds) =>
  new Date(seconds * 1000).toLocaleDateString('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** Models of which some steps have no known price. */
function unpricedIn({ days }) {
  const priceless = days
    .flatMap((day) => day.models)
    .filter((model) => model.unpriced_steps > 0 && !model.model.startsWith('scripted:'));
  return [...new Set(priceless.map((model) => model.model))];
}

function showLegend(legend, { names, values, days }, colours, words, day, unpriced) {
  const sum = (index) => (day === null ? values[index].reduce((total, value) => total + value, 0) : values[index][day]);
  const items = names
    .map((name, index) => {
      const key = h('i.key');
      key.style.background = colours[index];
      return values[index].some((value) => value > 0) && h('li', {}, key, `${name} ${words(sum(index))}`);
    })
    .filter(Boolean);
  if (unpriced.length) items.push(h('li', {}, `price unknown: ${unpriced.join(', ')}`));
  if (day !== null && days[day]) items.unshift(h('li', {}, h('b', {}, dayWords(days[day]))));
  legend.replaceChildren(...items);
}
