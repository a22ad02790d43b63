"""Describes how the page names a tool's calls and shows their arguments. Pure.

static/js/ui/tool_labels.js reads these fields; a field that keeps its default is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

View = Literal["", "command", "check", "content", "replacement", "patch", "checklist"]


@dataclass(frozen=True)
class Detail:
    """Adds to a call's line: `text` with the value of `argument` in place of `{}`.

    `{count}` and `{done}` stand for the items of a list and those that are done; a text without any of these is shown
    where the value is true. `hidden` values count as missing, and `default` is shown where the argument is missing.
    `equals` is the only value that the text is shown for. `length` names the argument that says how many lines are
    meant from this one on, which are shown as a range.
    """

    argument: str
    text: str = ""
    hidden: tuple[str, ...] = ()
    default: str = ""
    equals: int | None = None
    length: str = ""


@dataclass(frozen=True)
class Variant:
    """Gives other labels to calls whose `argument` is true or a text, and that have all that `requires` names."""

    argument: str
    labels: Labels
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labels:
    """Holds the words for a tool's calls, and how the page shows their arguments.

    `doing`, `done` and `failed` are the verb while a call runs, when it worked and when it did not; `asking` is the
    infinitive, for a call that waits for permission. `target` are the arguments whose values stand beside the verb,
    `target_default` what does where they have none, `target_hidden` values that are not shown.

    `view` is how the page shows the arguments, and how lines are counted (`tools.files.call_changes`): as JSON, a
    command line (`command`), command lines joined by a bare `&&` (`check`), a file's new text (`content`), old and new
    text (`old` and `new`, or `edits` of both: `replacement`), a unified diff (`patch`), or `items` with a `state`
    (`checklist`).

    `rule_from` is the argument that makes the rule for exactly one call, empty where there is none; `rule_name` is how
    a list of rules calls the tool. The first of the `variants` that fits replaces what it sets.
    """

    icon: str = "wrench"
    doing: str = "Using"
    done: str = "Used"
    failed: str = "Could not use"
    asking: str = "use"
    target: tuple[str, ...] = ()
    target_default: str = ""
    target_hidden: tuple[str, ...] = ()
    target_chars: int = 160
    details: tuple[Detail, ...] = ()
    detail_joiner: str = ", "
    view: View = ""
    rule_from: str = "path"
    rule_name: str = ""
    variants: tuple[Variant, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Gives the fields that differ from their defaults, as the page reads them."""
        found = _set_fields(self)
        if "asking" in found:
            found["asking"] = f"Wants to {self.asking}"
        return found


UNLABELLED = Labels()


def _set_fields(value: Detail | Labels | Variant) -> dict[str, Any]:
    given = ((item.name, getattr(value, item.name), item.default) for item in fields(value))
    return {name: _as_json(content) for name, content, default in given if content != default or name == "text"}


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, Labels):
        return value.as_json()
    return _set_fields(value) if isinstance(value, Detail | Variant) else value
