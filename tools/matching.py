"""Finding the place of an edit in a text, and saying clearly why there is none. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from tools.errors import ToolError

SHOWN_LINES = 5
NEAREST_AMONG = 5_000


@dataclass(frozen=True)
class Replaced:
    """The text after one replacement; `note` says where the match was not exact."""

    text: str
    note: str = ""


def replace(text: str, old: str, new: str, *, every: bool = False) -> Replaced:
    """Replace `old`, which must be there once (`every`: at least once). Raises ToolError.

    A file with CRLF is edited in its own line endings. Where nothing matches exactly, one place that differs in
    trailing space or in indentation only is taken, and said.
    """
    if not old:
        raise ToolError("`old` is empty: give the text to replace. To make or overwrite a file use write_file.")
    if old == new:
        raise ToolError("`old` and `new` are the same: there is nothing to change.")
    if old not in text and "\r\n" in text:
        old, new = _with_crlf(old), _with_crlf(new)
    at = text.find(old)
    # Matches may overlap: "aa" in "aaa" is not one place.
    if at >= 0 and (every or text.find(old, at + 1) < 0):
        return Replaced(text.replace(old, new))
    if at >= 0:
        count = max(2, text.count(old))
        raise ToolError(
            f"`old` is there {count} times (lines {_line_numbers(text, old)}): add lines around it until it is "
            "unique, or set `all` to true."
        )
    return _loosely(text, old, new)


def _loosely(text: str, old: str, new: str) -> Replaced:
    lines, wanted = text.splitlines(keepends=True), old.splitlines()
    stripped = [line.strip() for line in lines]
    target = [line.strip() for line in wanted]
    width = len(target)
    places = [at for at in range(len(lines) - width + 1) if stripped[at : at + width] == target] if any(target) else []
    if len(places) > 1:
        shown = ", ".join(str(at + 1) for at in places[:SHOWN_LINES])
        raise ToolError(f"`old` is not there exactly, and {len(places)} places (lines {shown}) differ in spaces only.")
    if not places:
        raise ToolError(f"`old` is not in the file.{_nearest(lines, target)}")
    found = lines[places[0] : places[0] + width]
    shift = _shift(wanted, found)
    if shift is None:
        raise ToolError(
            f"`old` is not there exactly; lines {places[0] + 1} to {places[0] + width} have another indentation. "
            "Read them and give them as they are."
        )
    put = "".join(_shifted(line, *shift) for line in new.splitlines(keepends=True))
    ending = _ending(found[-1])
    if put and ending and not put.endswith("\n"):
        put += ending
    after = "".join([*lines[: places[0]], put, *lines[places[0] + width :]])
    return Replaced(after, f"Matched at line {places[0] + 1} but for spaces; the file's indentation was kept.")


def _shift(wanted: list[str], found: list[str]) -> tuple[str, str] | None:
    """What to cut from and put before each line, the same for all; None where the lines do not agree."""
    shifts = set()
    for want, have in zip(wanted, found, strict=True):
        if want.strip():
            old_indent, new_indent = _indent(want), _indent(have)
            if new_indent.endswith(old_indent):
                shifts.add(("", new_indent[: len(new_indent) - len(old_indent)]))
            elif old_indent.endswith(new_indent):
                shifts.add((old_indent[: len(old_indent) - len(new_indent)], ""))
            else:
                return None
    return shifts.pop() if len(shifts) == 1 else None


def _shifted(line: str, cut: str, put: str) -> str:
    return put + line.removeprefix(cut) if line.strip() else line


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _line_numbers(text: str, old: str) -> str:
    numbers: list[str] = []
    at = text.find(old)
    while at >= 0 and len(numbers) < SHOWN_LINES:
        numbers.append(str(text.count("\n", 0, at) + 1))
        at = text.find(old, at + len(old))
    return ", ".join(numbers) + (", …" if at >= 0 else "")


def _nearest(lines: list[str], target: list[str]) -> str:
    first = next((line for line in target if line), "")
    stripped = [line.strip()[:200] for line in lines[:NEAREST_AMONG]]
    near = difflib.get_close_matches(first[:200], stripped, n=1)
    if not near:
        return " Read the file again: it may have changed."
    return f" The nearest line is {stripped.index(near[0]) + 1}: `{near[0]}`."
