"""An answer in progress is in the log only: its text is what the row holds and what the log adds."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chats.stream.frames import Logged, TextFrame
from chats.stream.sequencing import fold_text
from tests.stream.frames import call, message, placed, status, text

spoken = st.lists(
    st.one_of(
        st.builds(text, st.text(max_size=5), st.integers(1, 3), st.sampled_from(["text", "reasoning"])),
        st.just(call()),
        st.just(status()),
    ),
    max_size=30,
)


def said(frames: list[Logged], number: int, part: str) -> str:
    mine = (frame for frame in frames if isinstance(frame, TextFrame) and frame.message_id == message(number))
    return "".join(frame.content for frame in mine if frame.part == part)


@given(spoken, st.data())
def test_it_adds_up_to_all_that_was_said_wherever_the_row_was_saved(frames: list[Logged], data: Any) -> None:
    log = placed(frames)
    saved = data.draw(st.integers(0, len(frames)))
    row = placed(frames[:saved]).heads.get("text", 0)
    content, reasoning, last_seq = fold_text(log.lines, str(message()), row)
    assert said(frames[:saved], 1, "text") + content == said(frames, 1, "text")
    assert said(frames[:saved], 1, "reasoning") + reasoning == said(frames, 1, "reasoning")
    assert last_seq >= row
    assert fold_text(log.lines, str(message()), last_seq) == ("", "", last_seq)


def test_it_does_not_take_a_message_that_is_only_quoted() -> None:
    log = placed([text(f"see {message(1)}", 2), text("mine", 1)])
    assert fold_text(log.lines, str(message(1)), 0) == ("mine", "", 2)
