"""Finds the reasoning that a local model writes into its text, between `<think>` and `</think>`. Pure."""

from collections.abc import Iterator

THINK, END_THINK = "<think>", "</think>"


class ThinkTags:
    """Takes the text of one answer as it comes, cut anywhere, and tells reasoning from text.

    Reasoning begins where the answer does, or with a tag that comes as a token of its own: in the middle of a text the
    tag may be what the text is about.
    """

    def __init__(self) -> None:
        self._thinks = False
        self._at_start = True
        self._held = ""

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Yields pieces, each with whether it is reasoning. What may be the beginning of a tag is held back."""
        if text == THINK and not self._thinks and not self._at_start:
            self._thinks = True
            return
        text, self._held = self._held + text, ""
        while text:
            if self._thinks:
                before, tag, after = text.partition(END_THINK)
                if not tag:
                    kept = len(before) - _length_of_beginning(before, END_THINK)
                    before, self._held = before[:kept], before[kept:]
                if before:
                    yield True, before
                if not tag:
                    return
                self._thinks, text = False, after
                continue
            start = text.lstrip()
            if self._at_start and start.startswith(THINK):
                self._thinks, self._at_start, text = True, False, start[len(THINK) :]
            elif self._at_start and THINK.startswith(start):
                self._held = text
                return
            else:
                self._at_start = False
                yield False, text
                return

    def end(self) -> Iterator[tuple[bool, str]]:
        """Yields what was held back."""
        held, self._held, self._at_start = self._held, "", False
        if held:
            yield self._thinks, held


def _length_of_beginning(text: str, tag: str) -> int:
    """Counts how many characters at the end of `text` may be the beginning of `tag`."""
    return next((size for size in range(len(tag) - 1, 0, -1) if text.endswith(tag[:size])), 0)
