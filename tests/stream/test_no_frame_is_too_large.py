"""Whatever a session holds, it opens: no frame is larger than 1 MiB."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chats.models import Message, Session
from chats.stream import frame_limits, log
from chats.stream.frame_limits import MAX_FRAME_BYTES, cut_args, cut_message, split_snapshot

HUGE = 3 * MAX_FRAME_BYTES


def message(id: str, **fields: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"content": "", "metadata": {}, "tool_calls": None, "tool_results": None}
    return {"id": id} | empty | fields


def joined(lines: list[str]) -> dict[str, Any]:
    """What a client makes of the frames."""
    *parts, last = map(json.loads, lines)
    assert last["type"] == "snapshot"
    assert all(part["type"] == "snapshot_part" for part in parts)
    for field in frame_limits.LISTS:
        last[field] = [one for part in [*parts, last] for one in part[field]]
    last["outputs"] = {call: text for part in [*parts, last] for call, text in part["outputs"].items()}
    return last


sizes = st.lists(st.integers(0, 500_000), max_size=12)


@given(sizes, sizes, st.lists(st.integers(0, 60_000), max_size=4))
def test_the_parts_are_the_snapshot(messages: list[int], traces: list[int], outputs: list[int]) -> None:
    snapshot = {
        "type": "snapshot",
        "epoch": "e",
        "heads": {"text": 3},
        "ord": 7,
        "chats": [{"id": "c"}],
        "messages": [message(f"{n:03}", content="é" * (size // 2)) for n, size in enumerate(messages)],
        "traces": [{"id": f"{n:03}", "error": "x" * size} for n, size in enumerate(traces)],
        "approvals": [{"trace_id": "a"}],
        "outputs": {f"call {n}": "x" * size for n, size in enumerate(outputs)},
    }
    lines = split_snapshot(snapshot)
    assert joined(lines) == snapshot
    assert max(len(line.encode()) for line in lines) <= MAX_FRAME_BYTES
    whole = len(json.dumps(snapshot, separators=(",", ":"), ensure_ascii=False).encode())
    assert len(lines) == 1 or whole > MAX_FRAME_BYTES


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", "é" * HUGE),
        ("metadata", {"reasoning": "🙂" * HUGE, "error": "no"}),
        ("tool_results", {"tool_call_id": "1", "output": "\0" * HUGE, "truncated": False}),
        ("tool_calls", [{"id": "1", "name": "write_file", "args": {"path": "a", "content": "x" * HUGE}}]),
        ("tool_calls", [{"id": "1", "name": "write_file", "args": "x" * HUGE}]),
        ("tool_calls", [{"id": "1", "name": "write_file", "args": {str(n): n for n in range(100_000)}}]),
        ("tool_calls", [{"id": "1", "name": "write_file", "args": {"deep": [["x" * HUGE]] * 3}}]),
        ("tool_calls", [{"id": "1", "name": "write_file", "args": {"k" * HUGE: 1}}]),
    ],
)
def test_a_long_part_of_a_message_is_cut_and_named(field: str, value: Any) -> None:
    cut = cut_message(message("1", **{field: value}))
    assert cut["cut"] == [field]
    assert len(json.dumps(cut, ensure_ascii=False).encode()) < MAX_FRAME_BYTES / 2
    other = message("1", **{field: value})
    assert {name: cut[name] for name in other if name != field} == {k: v for k, v in other.items() if k != field}


def test_what_is_short_stays_as_it_is() -> None:
    whole = message("1", content="x" * 1000, tool_calls=[{"id": "1", "name": "a", "args": {"b": "c"}}])
    assert cut_message(whole) == whole
    assert cut_args({"path": "a"}) == {"path": "a"}


def test_a_session_with_far_too_much_opens(session: Session) -> None:
    chat = session.chats.get()
    turn_messages = [
        Message(session=session, chat=chat, role="assistant", status="complete", content="word " * 30_000)
        for _ in range(30)
    ]
    args = {"path": "big.txt", "content": "x" * (50 * MAX_FRAME_BYTES)}
    turn_messages[9].content = "word " * 200_000
    turn_messages[7].tool_calls = [{"id": "call", "name": "write_file", "args": args}]
    Message.objects.bulk_create(turn_messages)
    answer = log.read_resumption(session.pk, {}, None)
    lines = [line for _ord, line in answer.frames]
    assert max(len(line.encode()) for line in lines) <= MAX_FRAME_BYTES
    snapshot = joined([line for line in lines if '"type":"snapshot' in line[:24]])
    assert [one["id"] for one in snapshot["messages"]] == [str(one.pk) for one in turn_messages]
    cut = {n: one["cut"] for n, one in enumerate(snapshot["messages"]) if "cut" in one}
    assert cut == {7: ["tool_calls"], 9: ["content"]}
    assert snapshot["messages"][8]["content"] == "word " * 30_000
