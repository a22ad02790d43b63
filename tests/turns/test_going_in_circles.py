"""An agent that goes in circles is told so, and ended: same call, two calls in turn, same error, no answer."""

from typing import Any

import pytest

from chats.agent.stuck import StuckDetector
from chats.providers.base import ToolCall
from tools.base import ToolResult


def play(detector: StuckDetector, *calls: tuple[str, Any, ToolResult]) -> None:
    for name, args, result in calls:
        call = ToolCall("1", name, args)
        detector.record_call(call, result, refused=bool(detector.check_call(call).refusal))


def repetition(detector: StuckDetector, name: str, args: Any) -> Any:
    return detector.check_call(ToolCall("1", name, args))


SAME, OTHER = ToolResult("same"), ToolResult("other")
A = ("read_file", {"path": "a"}, SAME)
B = ("list_files", dict[str, Any](), SAME)
C = ("todo", dict[str, Any](), OTHER)


@pytest.mark.parametrize(
    ("history", "third", "refused", "stopped"),
    [
        ([], False, False, False),
        ([A], False, False, False),
        ([A, A], True, False, False),
        ([A, A, A], True, True, False),
        ([A] * 5, True, True, False),
        ([A] * 6, True, True, True),
        ([A, A, A, C], False, False, False),
        ([A, A, (*A[:2], OTHER)], False, False, False),
        ([A, B, A, B], False, False, False),
        ([A, B, A, B, A, B], False, True, False),
        ([A, B] * 5, False, True, True),
        ([B, A] * 5, False, False, False),
        ([A, B, A, B, C, B, A, B], False, False, False),
        ([A, (*B[:2], OTHER), A, B, A, B], False, False, False),
    ],
)
def test_it_counts_rounds_without_another_result(history: list[Any], third: bool, refused: bool, stopped: bool) -> None:
    detector = StuckDetector()
    play(detector, *history)
    found = repetition(detector, *A[:2])
    assert (found.is_third_in_a_row, bool(found.refusal), bool(found.stop)) == (third, refused, stopped)


def test_it_names_what_came_in_turn() -> None:
    detector = StuckDetector()
    play(detector, *[A, B] * 3)
    assert "read_file and another call came in turn 3 times" in repetition(detector, *A[:2]).refusal


def failure(error: str, exit_code: int | None = None) -> ToolResult:
    return ToolResult(output=error, error=error, status="error", exit_code=exit_code)


def test_it_remarks_on_equal_errors_and_ends_the_turn_at_the_eighth() -> None:
    detector = StuckDetector()
    for number in range(8):
        found = repetition(detector, "edit_file", {"old": number})
        remark = found.remark(failure("No such text."))
        assert bool(remark) == (number >= 3), number
        assert not found.stop
        play(detector, ("edit_file", {"old": number}, failure("No such text.")))
    stop = repetition(detector, "edit_file", {"old": "x"}).stop
    assert stop.endswith("8 times in a row with the same error: No such text.")


def test_it_takes_neither_other_errors_nor_exit_codes_for_the_same_error() -> None:
    detector = StuckDetector()
    for number in range(20):
        play(detector, ("edit_file", {"old": number}, failure(f"No text {number}.")))
    assert not repetition(detector, "edit_file", {}).stop
    for number in range(20):
        play(detector, ("run_command", {"command": [str(number)]}, failure("exit 1", exit_code=1)))
    assert not repetition(detector, "run_command", {}).stop


def test_it_ends_a_turn_of_empty_answers() -> None:
    detector = StuckDetector()
    assert [bool(detector.check_answer(*said)) for said in [("", 0), (" ", 0), ("hm", 0)]] == [False] * 3
    assert [bool(detector.check_answer(*said)) for said in [("", 0), ("", 1)]] == [False] * 2
    assert [bool(detector.check_answer("", 0)) for _ in range(3)] == [False, False, True]
