#!/usr/bin/env python
"""Command line of BooCode: `python manage.py serve`, `createtoken`, `migrate` …"""

import os
import sys
from importlib.util import find_spec

OWN_PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), ".venv", "bin", "python")


def main() -> None:
    if find_spec("django") is None and os.path.exists(OWN_PYTHON):
        os.execv(OWN_PYTHON, [OWN_PYTHON, *sys.argv])  # what `make run` installed, whatever Python was asked
    from boocode.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
