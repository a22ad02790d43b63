/** A dialog that asks before something is done. */
const SETTLE_MS = 500; // the second click of a double one, and keys that were meant for the page, confirm nothing

/** Opens the dialog; it closes when the deed is done, and says why when it could not be. */
export function ask(dialog, act) {
  const problem = dialog.querySelector('.problem');
  const go = dialog.querySelector('[value="go"]');
  problem.hidden = true;
  if (go.classList.contains('danger')) {
    go.disabled = true;
    setTimeout(() => (go.disabled = false), SETTLE_MS);
  }
  dialog.querySelector('form').onsubmit = async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    try {
      await act();
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  };
  if (!dialog.open) dialog.showModal();
}
