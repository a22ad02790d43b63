/** Whether the project's check runs after the next message's changes. It does, unless switched off for that message. */
const TITLES = {
  true: 'The project’s check runs after changes, and the agent mends what it finds. Press to leave it out for the next message.',
  false: 'The project’s check is left out for the next message. Press to have it run.',
};

export class CheckToggle {
  /** @param {HTMLButtonElement|null} button none where the project has no check */
  constructor(button) {
    this.button = button;
    button?.addEventListener('click', () => this.show(!this.isOn));
    this.show(true);
  }

  /** @param {boolean} isOn */
  show(isOn) {
    this.isOn = isOn;
    if (!this.button) return;
    this.button.setAttribute('aria-pressed', String(isOn));
    this.button.title = TITLES[isOn];
    this.button.querySelector('use').setAttribute('href', isOn ? '#i-check' : '#i-cross');
  }

  /** What the message that is sent now says; the next one has its check again. @returns {boolean} */
  take() {
    const { isOn } = this;
    this.show(true);
    return isOn;
  }
}
