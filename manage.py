#!/usr/bin/env python
"""Command line of BooCode: `python manage.py serve`, `createtoken`, `migrate` …"""

import os
import sys
from importlib.util import find_spec

OWN_PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), ".venv", "bin", "python")


def main() -> None:
    if find_spec("django") is None and os.path.exists(OWN_PYTHON):
        os.execv(OWN_PYTHON, [OWN_PYTHON, *sys.argv])  # what `make run` installed, whatever Python was asked
    from boocode.lean import load_lean

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boocode.settings")
    load_lean()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
