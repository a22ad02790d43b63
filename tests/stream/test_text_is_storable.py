"""No text of a model or a tool can break a commit: NUL (PostgreSQL) and lone surrogates (UTF-8) are replaced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chats.stream import frames, sanitize
from tests.stream.frames import CHAT, message, placed, text


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_it_makes_any_text_fit_for_a_column_and_for_utf_8(hard: str) -> None:
    clean = sanitize.clean(hard)
    assert "\0" not in clean
    assert len(clean) == len(hard)
    clean.encode()


def test_it_changes_nothing_else() -> None:
    fine = "a\n\t\x1b[31mé你🙂\u2028"
    assert sanitize.clean(fine) == fine


def test_it_cleans_keys_and_values_at_any_depth() -> None:
    hard: dict[str, Any] = {"a\0": ["b\ud800", {"c": "d\0"}, 1, None, True, 1.5]}
    assert sanitize.clean_value(hard) == {"a\ufffd": ["b\ufffd", {"c": "d\ufffd"}, 1, None, True, 1.5]}


def test_it_refuses_fields_that_the_contract_does_not_have() -> None:
    with pytest.raises(ValidationError):
        frames.TextFrame.model_validate({"chat_id": CHAT, "message_id": message(), "content": "x", "colour": "red"})
    with pytest.raises(ValidationError):
        frames.StatusDelta.model_validate({"chat_id": CHAT, "message_id": message(), "status": "asleep"})


def test_it_counts_a_line_in_bytes() -> None:
    [line] = placed([text("你🙂")]).lines
    assert len(line) == len(line.encode())
