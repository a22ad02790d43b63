/** Single keys of the viewer, only where nobody writes and with no modifier. */

/** @param {HTMLElement|Document} target @param {import('./viewer.js').Viewer} viewer */
export function startViewerKeys(target, viewer) {
  const turn = () => viewer.list.currentLine?.turn;
  const actions = {
    f: () => viewer.form.focus(),
    e: () => viewer.nextError(),
    '+': () => viewer.zoomBy('zoom-in'),
    '=': () => viewer.zoomBy('zoom-in'),
    '-': () => viewer.zoomBy('zoom-out'),
    0: () => viewer.zoomBy('zoom-fit'),
    '[': () => turn() && viewer.zoom.pan(turn(), -0.25),
    ']': () => turn() && viewer.zoom.pan(turn(), 0.25),
    ArrowDown: () => enterList(viewer, 1),
    ArrowUp: () => enterList(viewer, -1),
    Escape: () => viewer.closeDetail(),
  };
  target.addEventListener('keydown', (/** @type {any} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target)) return;
    const arrow = event.key.startsWith('Arrow');
    if (!actions[event.key] || (arrow && event.target !== document.body)) return;
    event.preventDefault();
    actions[event.key]();
  });
}

const isBusy = (target) => target.closest?.('input, textarea, select, [contenteditable], dialog[open], [popover]:popover-open') !== null;

function enterList(viewer, by) {
  viewer.list.grid.focus();
  viewer.list.step(by);
}
