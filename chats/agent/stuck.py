"""Detects an agent that goes in circles: the same call again and again, two calls in turn, the same error, or answers
without content. Pure.

A call whose result differs from the last one's is progress, however often it comes.
"""

from collections import deque
from dataclasses import dataclass

from chats.providers.base import ToolCall
from tools.base import ToolResult

REFUSED_AFTER = 3
"""So many rounds without another result, and the next call is not run."""
STOPPED_AFTER = 6
ALTERNATING_STOPPED_AFTER = 5
ERRORS_REMARKED_AFTER = 3
ERRORS_STOPPED_AFTER = 8
EMPTY_ANSWERS_STOPPED_AFTER = 3
REMEMBERED = 2 * STOPPED_AFTER


@dataclass(frozen=True)
class Call:
    """Remembers a finished call. `output` is None where it was refused."""

    name: str
    args: object
    output: str | None = None
    error: str | None = None

    def repeats(self, earlier: "Call") -> bool:
        """Tells whether nothing is new since `earlier`. A refused call brings no result, so nothing new either."""
        same_result = self.output == earlier.output or self.output is None or earlier.output is None
        return (self.name, self.args) == (earlier.name, earlier.args) and same_result


@dataclass(frozen=True)
class Repetition:
    """Tells of a call, before it runs, how it repeats those before it. `rounds`: how often it came already, directly
    before and with the same result, alone (`period` 1) or in turn with another call (`period` 2). `errors`: how many
    calls of this tool failed directly before, each with `error`."""

    tool: str = ""
    rounds: int = 0
    period: int = 1
    errors: int = 0
    error: str = ""

    @property
    def is_third_in_a_row(self) -> bool:
        """Tells whether a person should be asked, where the project asks."""
        return self.period == 1 and self.rounds >= REFUSED_AFTER - 1

    @property
    def refusal(self) -> str:
        """Says to the model why the call must not run; empty where it may."""
        if self.rounds < REFUSED_AFTER:
            return ""
        if self.period == 1:
            return (
                f"Not run: {self.tool} was called with the same arguments {self.rounds} times in a row. "
                "Try another way."
            )
        return (
            f"Not run: {self.tool} and another call came in turn {self.rounds} times, with the same results. "
            "Try another way."
        )

    @property
    def stop(self) -> str:
        """Says to the person why the turn must end; empty where it may go on."""
        if self.period == 1 and self.rounds >= STOPPED_AFTER:
            return f"Stopped: the model called {self.tool} with the same arguments {self.rounds + 1} times."
        if self.period == 2 and self.rounds >= ALTERNATING_STOPPED_AFTER:
            return f"Stopped: the model made the same two calls in turn {self.rounds} times, {self.tool} one of them."
        if self.errors >= ERRORS_STOPPED_AFTER:
            return f"Stopped: {self.tool} failed {self.errors} times in a row with the same error: {self.error}"
        return ""

    def remark(self, result: ToolResult) -> str:
        """Gives the line to add to a result that fails like those before it; empty where it does not."""
        if not result.error or result.error != self.error or self.errors < ERRORS_REMARKED_AFTER:
            return ""
        return f"{self.tool} failed with this error {self.errors + 1} times in a row. Try another way."


class StuckDetector:
    """Remembers a turn's last calls and answers."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=REMEMBERED)
        self._errors = 0
        self._empty_answers = 0

    def check_call(self, call: ToolCall) -> Repetition:
        """Tells how a call that is about to run repeats those before it."""
        next_call = Call(call.name, call.args)
        alone, in_turn = self._rounds(next_call, 1), self._rounds(next_call, 2)
        last = self._calls[-1] if self._calls else next_call
        fails_alike = last.name == call.name and last.error
        return Repetition(
            tool=call.name,
            rounds=max(alone, in_turn),
            period=1 if alone >= in_turn else 2,
            errors=self._errors if fails_alike else 0,
            error=(last.error or "") if fails_alike else "",
        )

    def record_call(self, call: ToolCall, result: ToolResult, *, refused: bool = False) -> None:
        """Remembers how a call ended."""
        last = self._calls[-1] if self._calls else None
        if refused:
            self._calls.append(Call(call.name, call.args, None, last.error if last else None))
            return
        # A program's exit code is information: eight searches that find nothing are no eight equal errors.
        error = result.error if result.exit_code is None else None
        same = last is not None and error is not None and (last.name, last.error) == (call.name, error)
        self._errors = self._errors + 1 if same else int(error is not None)
        self._calls.append(Call(call.name, call.args, result.output, error))

    def check_answer(self, text: str, calls: int) -> str:
        """Gives the reason why the turn must end after this answer, for the person; empty where it may go on."""
        self._empty_answers = 0 if text.strip() or calls else self._empty_answers + 1
        if self._empty_answers < EMPTY_ANSWERS_STOPPED_AFTER:
            return ""
        return f"Stopped: the model answered nothing {self._empty_answers} times in a row."

    def _rounds(self, next_call: Call, period: int) -> int:
        """Counts the full rounds of `period` different calls at the end of what is remembered, `next_call` the first of
        another round."""
        calls = [*self._calls, next_call]
        if period == 2 and (len(calls) < 3 or calls[-1].repeats(calls[-2])):
            return 0
        length = 0
        for at in range(len(calls) - 1, period - 1, -1):
            if not calls[at].repeats(calls[at - period]):
                break
            length += 1
        return length // period if period == 1 else (length + 1) // period
