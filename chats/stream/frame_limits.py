"""Keeps frames below 1 MiB: long contents are cut, with what is missing said in their place, and a snapshot that is
larger comes in several frames."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from traces.record.trace_json import shorten_input

MAX_FRAME_BYTES = 1024 * 1024
TEXT_BYTES = 800 * 1024
TEXT_CHARS = TEXT_BYTES // 6
"""How long the texts of one message may be together; in JSON, a character takes up to 6 bytes."""
CUT_CHARS = 32 * 1024
"""What is left of a text that was cut."""
ARGS_CHARS = 32 * 1024
CALLS_CHARS = 128 * 1024
"""The longest arguments of all calls of one message in a snapshot."""
ROOM_FOR_NAMES = 256
LISTS = ("approvals", "messages", "traces")


def cut_text(text: str) -> str:
    """Cut the middle out of a text that is longer than CUT_CHARS, and say so in its place."""
    if len(text) <= CUT_CHARS:
        return text
    half = CUT_CHARS // 2
    return f"{text[:half]}\n\n[{len(text) - 2 * half:,} characters are left out here]\n\n{text[-half:]}"


def cut_args(args: Any, limit: int = ARGS_CHARS) -> Any:
    """Cut the long values of a call's arguments; the call's trace has them whole."""
    return args if len(_encode(args)) <= limit else shorten_input(args, limit)


def cut_call(call: Mapping[str, Any], limit: int = ARGS_CHARS) -> dict[str, Any]:
    """Cut the arguments of `{id, name, args}`."""
    return {**call, "args": cut_args(call["args"], limit)}


def cut_message(message: dict[str, Any]) -> dict[str, Any]:
    """Cut the long parts of a message as PROTOCOL.md section 2 describes it; `cut` names those that were."""
    changed: dict[str, Any] = {}
    calls = message["tool_calls"] or []
    limit = min(ARGS_CHARS, CALLS_CHARS // max(1, len(calls)))
    if any(len(_encode(call["args"])) > limit for call in calls):
        changed["tool_calls"] = [cut_call(call, limit) for call in calls]
    metadata, results = message["metadata"] or {}, message["tool_results"] or {}
    texts = {
        "content": message["content"],
        "metadata": metadata.get("reasoning") or "",
        "tool_results": results.get("output") or "",
    }
    if sum(map(len, texts.values())) > TEXT_CHARS and sum(_size(_encode(text)) for text in texts.values()) > TEXT_BYTES:
        cut = {field: cut_text(text) for field, text in texts.items()}
        whole = {
            "content": cut["content"],
            "metadata": metadata | {"reasoning": cut["metadata"]},
            "tool_results": results | {"output": cut["tool_results"]},
        }
        changed |= {field: value for field, value in whole.items() if cut[field] != texts[field]}
    return message | changed | {"cut": sorted(changed)} if changed else message


def split_snapshot(snapshot: Mapping[str, Any]) -> list[str]:
    """Encode a snapshot: as one frame, or as parts that each hold some of its lists, the oldest first, and at last the
    snapshot with what is newest."""
    whole = _encode(snapshot)
    if _size(whole) <= MAX_FRAME_BYTES:
        return [whole]
    rest = _encode({name: value for name, value in snapshot.items() if name not in (*LISTS, "outputs")})
    limit = MAX_FRAME_BYTES - _size(rest) - ROOM_FOR_NAMES
    groups: list[list[tuple[str, str]]] = [[]]
    size = 0
    for field, text in _newest_first(snapshot):
        if size + _size(text) > limit and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append((field, text))
        size += _size(text) + 1
    last, *older = [_join(group) for group in groups]
    return [f'{{"type":"snapshot_part",{lists}}}' for lists in reversed(older)] + [f"{rest[:-1]},{last}}}"]


def _newest_first(snapshot: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """List the members of the snapshot's lists, as JSON text: first what is open now, then back in time."""
    yield from (("approvals", _encode(row)) for row in reversed(snapshot["approvals"]))
    yield from (("outputs", f"{_encode(call)}:{_encode(text)}") for call, text in snapshot["outputs"].items())
    dated = [(row["id"], name, row) for name in ("messages", "traces") for row in snapshot[name]]
    yield from ((name, _encode(row)) for _id, name, row in sorted(dated, key=lambda entry: entry[:2], reverse=True))


def _join(group: list[tuple[str, str]]) -> str:
    fields = {name: [text for field, text in reversed(group) if field == name] for name in (*LISTS, "outputs")}
    return ",".join(
        f'"{name}":' + (f"{{{','.join(texts)}}}" if name == "outputs" else f"[{','.join(texts)}]")
        for name, texts in fields.items()
    )


def _encode(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _size(text: str) -> int:
    """Return the bytes that a text takes on the wire."""
    return len(text) if text.isascii() else len(text.encode())
