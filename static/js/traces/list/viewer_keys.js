/** Keys of the list of traces. A letter counts only while the list itself has the focus, never elsewhere on the page. */

/** @param {HTMLElement} root @param {import('../viewer.js').Viewer} viewer */
export function startViewerKeys(root, viewer) {
  const turn = () => viewer.list.currentLine?.turn;
  const letters = {
    e: () => viewer.nextError(),
    '+': () => viewer.zoomBy('zoom-in'),
    '=': () => viewer.zoomBy('zoom-in'),
    '-': () => viewer.zoomBy('zoom-out'),
    0: () => viewer.zoomBy('zoom-fit'),
    '[': () => turn() && viewer.zoom.pan(turn(), -0.25),
    ']': () => turn() && viewer.zoom.pan(turn(), 0.25),
  };
  viewer.list.grid.addEventListener('keydown', (event) => act(event, letters));
  root.addEventListener('keydown', (event) => {
    if (!isBusy(event.target)) act(event, { Escape: () => viewer.closeDetail() });
  });
}

/** On a page of its own, where nothing has the focus, the arrows go into the list. @param {import('../viewer.js').Viewer} viewer */
export function enterListByArrows(viewer) {
  const enter = (by) => () => {
    viewer.list.grid.focus();
    viewer.list.step(by);
  };
  document.addEventListener('keydown', (event) => {
    if (event.target === document.body)
      act(event, { ArrowDown: enter(1), ArrowUp: enter(-1), Escape: () => viewer.closeDetail() });
  });
}

function act(event, actions) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
}

const isBusy = (target) =>
  target.closest?.('input, textarea, select, [contenteditable], dialog[open], [popover]:popover-open') !== null;
