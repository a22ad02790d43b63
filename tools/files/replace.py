"""Finds the place of an edit in a text, or says clearly why there is none. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from tools.errors import ToolError

SHOWN_LINES = 5
NEAREST_AMONG = 5_000
_BOM = "\ufeff"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True)
class Replaced:
    """Holds the text after one replacement; `note` says where the match was not exact."""

    text: str
    note: str = ""


def replace(text: str, old: str, new: str, *, every: bool = False) -> Replaced:
    """Replaces `old`, which must be there once (`every`: at least once). Raises ToolError.

    A line end of `old` matches whatever ends the line in the file, and one of `new` is written as the file has it
    there; a byte order mark stays. Where nothing matches exactly, one place that differs in trailing space or in
    indentation only is taken, and said.
    """
    if not old:
        raise ToolError("`old` is empty: give the text to replace. To make or overwrite a file use write_file.")
    if old == new:
        raise ToolError("`old` and `new` are the same: there is nothing to change.")
    if text.startswith(_BOM):
        replaced = replace(text.removeprefix(_BOM), old.removeprefix(_BOM), new.removeprefix(_BOM), every=every)
        return Replaced(_BOM + replaced.text, replaced.note)
    # Where it is the line ends that are to change, they are as they are given.
    as_given = "\r" in old + new and old in text
    find = re.compile(re.escape(old) if as_given else re.escape(_with_lf(old)).replace("\\\n", "\r?\n"))

    def write_new(match: re.Match[str]) -> str:
        return new if as_given else _with_lf(new).replace("\n", _find_end(text, match))

    first = find.search(text)
    # Matches may overlap: "aa" in "aaa" is not one place.
    if first and (every or find.search(text, first.start() + 1) is None):
        return Replaced(find.sub(write_new, text))
    if first:
        count = max(2, len(find.findall(text)))
        raise ToolError(
            f"`old` is there {count} times (lines {_line_numbers(text, find)}): add lines around it until it is "
            "unique, or set `all` to true."
        )
    return _replace_loosely(text, _with_lf(old), _with_lf(new))


def _find_end(text: str, match: re.Match[str]) -> str:
    """Gives the line end to write at a match: one within it, else that of its last line, else of the line before."""
    within = text.find("\n", *match.span())
    after, before = text.find("\n", match.end()), text.rfind("\n", 0, match.start())
    at = next((place for place in (within, after, before) if place >= 0), -1)
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def _replace_loosely(text: str, old: str, new: str) -> Replaced:
    lines, wanted = _split_lines(text), [line.rstrip("\n") for line in _split_lines(old)]
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
    ending = _ending(found[0]) or "\n"
    put = "".join(_shift_line(line, *shift) for line in _split_lines(new)).replace("\n", ending)
    if put and _ending(found[-1]) and not put.endswith("\n"):
        put += ending
    after = "".join([*lines[: places[0]], put, *lines[places[0] + width :]])
    return Replaced(after, f"Matched at line {places[0] + 1} but for spaces; the file's indentation was kept.")


def _split_lines(text: str) -> list[str]:
    """Splits a text behind each newline, and nowhere else: a form feed ends no line."""
    return _LINE.findall(text)


def _shift(wanted: list[str], found: list[str]) -> tuple[str, str] | None:
    """Finds what to cut from and put before each line, the same for all; None where the lines do not agree."""
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


def _shift_line(line: str, cut: str, put: str) -> str:
    return put + line.removeprefix(cut) if line.strip() else line


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _with_lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def _line_numbers(text: str, find: re.Pattern[str]) -> str:
    numbers: list[str] = []
    match = find.search(text)
    while match and len(numbers) < SHOWN_LINES:
        numbers.append(str(text.count("\n", 0, match.start()) + 1))
        match = find.search(text, match.end())
    return ", ".join(numbers) + (", …" if match else "")


def _nearest(lines: list[str], target: list[str]) -> str:
    first = next((line for line in target if line), "")
    stripped = [line.strip()[:200] for line in lines[:NEAREST_AMONG]]
    near = difflib.get_close_matches(first[:200], stripped, n=1)
    if not near:
        return " Read the file again: it may have changed."
    return f" The nearest line is {stripped.index(near[0]) + 1}: `{near[0]}`."
