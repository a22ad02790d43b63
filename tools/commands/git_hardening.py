"""Keeps git from running a program that a repository names: one list for every git that BooCode starts. Pure.

No hooks, no fsmonitor, no external diff, no text conversion, no pager, no prompts, no fetching of what a partial clone
lacks, no locks for a mere look, no bare repository that only looks like a directory, no magic in the paths that git is
given. Filters have to be named to be switched off: `tools.commands.git` and the attributes of a store of trees do that.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

NO_FSMONITOR = ("core.fsmonitor", "false")
NO_HOOKS = ("core.hooksPath", os.devnull)
NO_IMPLICIT_BARE_REPOSITORY = ("safe.bareRepository", "explicit")

OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    *(
        word
        for name, value in (
            NO_FSMONITOR,
            NO_HOOKS,
            NO_IMPLICIT_BARE_REPOSITORY,
            ("core.quotePath", "false"),
            ("color.ui", "false"),
            ("color.status", "false"),
        )
        for word in ("-c", f"{name}={value}")
    ),
)
DIFF_OPTIONS = ("--no-ext-diff", "--no-textconv", "--no-color")
ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    # No transport has this name, and a repository's own config can't allow one then.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
}
# For BooCode's own repositories. In the person's own their settings count: `safe.directory`, an ignore file, Git LFS.
NO_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}


def config_variables(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Writes settings as environment variables, for a git that somebody else starts."""
    found = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found
