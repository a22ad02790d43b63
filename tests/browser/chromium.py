"""Which Chromium drives the browser tests: the system's, else the one that Playwright has downloaded.

`python -m tests.browser.chromium` ends with 0 where there is one.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The tests are the only ones to talk to a network, and a test machine has no graphics card.
QUIET_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def system_chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch_flags() -> list[str]:
    return [*QUIET_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET_FLAGS)


def has_downloaded_chromium() -> bool:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


if __name__ == "__main__":
    sys.exit(0 if system_chromium() or has_downloaded_chromium() else 1)
