"""Runs BooCode's commands: `boocode serve`, `boocode createtoken`, `boocode migrate` …"""

import os
import sys


def main() -> None:
    """Run the command that the arguments name; a setting that can't be used ends it with 2 and a sentence."""
    from boocode.server.lean_imports import import_server_lean

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boocode.settings")
    import_server_lean()
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.DEBUG  # noqa: B018  # reads the settings: what is wrong with them is told before anything else
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
