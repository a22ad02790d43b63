"""Reads what a provider's error means: its kind, its message, and how long to wait. Pure.

Providers word the same error in many ways, and servers in between add their own: the tables hold what was seen.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .errors import AnswerError, Category

CONTEXT = r"context.?(?:length|window|size|limit)"
TOO_LONG = re.compile(
    rf"{CONTEXT}|(?:prompt|inputs?) (?:is |was |are )?too (?:long|large)|request too large|"
    r"max(?:imum)? (?:prompt|model|input) length|(?:prompt|input) (?:exceeds|length)|range of input length|"
    r"(?:prompt|input) tokens?(?: count)?\b.{0,60}(?:exceed|longer|greater|too)|"
    r"too many (?:input )?tokens|exceed(?:s|ed)? .{0,40}\btokens?\b|more than max tokens|"
    r"`?inputs`? tokens \+ `?max_new_tokens`? must be|"
    r"reduce (?:the length of the|the size of the|your) (?:messages?|prompt|input)",
    re.IGNORECASE,
)
TOO_MUCH_OUTPUT = re.compile(rf"^(?!.*(?:{CONTEXT}|input)).*(?:output tokens|max_\w*tokens)", re.IGNORECASE | re.DOTALL)
"""A limit of output that is set too high: no shorter conversation helps."""
TOO_LARGE_AT_ONCE = re.compile(r"request too large", re.IGNORECASE)
"""Larger than what a minute allows, so that waiting helps as little."""
PER_TIME = re.compile(r"\bper (?:sec|min|hour|day|month)|\b[rt]p[md]\b|rate.?limit|quota|throttl", re.IGNORECASE)
WRONG_KEY = re.compile(r"(?:incorrect|invalid) api.?key|api.?key (?:is )?(?:not valid|invalid)", re.IGNORECASE)
NO_CREDIT = re.compile(r"credit balance is too low|insufficient (?:balance|credit|quota)", re.IGNORECASE)

QUOTA = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "exceeded_current_quota_error",
        "billing_error",
    }
)
NAMED: Mapping[str, Category] = {
    **dict.fromkeys(QUOTA, "quota"),
    "context_length_exceeded": "context",
    "exceed_context_size_error": "context",
    "contextwindowexceedederror": "context",
    "model_max_prompt_tokens_exceeded": "context",
    "request_too_large": "context",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "not_found": "not_found",
    "invalid_api_key": "auth",
    "api_key_invalid": "auth",
    "authentication_error": "auth",
    "permission_error": "auth",
    "unauthenticated": "auth",
    "permission_denied": "auth",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "too_many_requests": "rate_limit",
    "resource_exhausted": "rate_limit",
    "service_unavailable": "unavailable",
    "service_unavailable_error": "unavailable",
    "unavailable_error": "unavailable",
    "unavailable": "unavailable",
    "server_is_overloaded": "unavailable",
    "server_error": "server",
    "api_error": "server",
    "timeout_error": "server",
    "internal": "server",
    "deadline_exceeded": "server",
    "invalid_request_error": "rejected",
    "invalid_argument": "rejected",
    "content_filter": "filtered",
    "content_policy_violation": "filtered",
}
"""What a provider's own `code`, `type` or `status` means, in an error's body and in one inside a stream."""
VAGUE = frozenset({"rejected", "server"})
"""Categories of a name that say less than the HTTP status does."""

WRAPPERS = ("error", "errors", "detail")
"""Where an error lies within another value, the best first."""
TEXTS = ("message", "msg", "detail", "error_message", "error_description", "status_msg", "reason")
QUOTED_ENTRIES = 3
MAX_DEPTH = 5

DURATION = r"\d+(?:\.\d+)?\s*(?:ms|milliseconds?|h(?:ours?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)(?![a-z])"
WAIT = re.compile(rf"(?:again|retry|wait)\s+(?:(?:in|after|for)\s+)?((?:{DURATION}[\s,]*|\d+[hm])+)", re.IGNORECASE)
ONE_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|mil|h|m|s)", re.IGNORECASE)
UNITS_S = {"ms": 0.001, "mil": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_status(status: int, body: bytes, headers: Mapping[str, str]) -> AnswerError:
    """Reads the error that an HTTP status other than 200 means, with what its body says."""
    text = body.decode("utf-8-sig", errors="replace").strip()
    error: object = text
    # Some answer a request for a stream with an event.
    for candidate in (text, text.partition("data:")[2]):
        try:
            error = json.loads(candidate)
            break
        except (ValueError, RecursionError):
            continue
    return _error_of(error, status, read_retry_after(headers))


def read_error(error: object) -> AnswerError:
    """Reads the error that an object inside of a stream tells of; gateways put the HTTP status into its `code`."""
    statuses = (int(name) for name in _names(error) if name.isdigit() and 400 <= int(name) < 600)
    return _error_of(error, next(statuses, None), None)


def check_whole(answer: object, shape: str) -> None:
    """Raises AnswerError where a whole answer has no field `shape`: in place of an answer, it is an error in any form,
    or nothing that can be read."""
    if isinstance(answer, dict) and shape in answer and not answer.get("error"):
        return
    is_error = bool(message_in(answer)) or (isinstance(answer, dict) and "error" in answer)
    raise read_error(answer) if is_error else AnswerError("unreadable")


def _error_of(error: object, status: int | None, retry_after_s: float | None) -> AnswerError:
    said = message_in(error)
    wait_s = read_wait(said) if retry_after_s is None else retry_after_s
    return AnswerError(_category(error, said, status), said, status, wait_s)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Reads seconds from `retry-after-ms` or `Retry-After`, a number or a date; None where there is none."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name].strip().removesuffix("s")) * unit_s
        except KeyError:
            continue
        except ValueError:
            seconds = _seconds_until(headers[name])
        if 0 <= seconds < float("inf"):
            return seconds
    return None


def _seconds_until(date: str) -> float:
    """Counts the seconds until an HTTP date, 0 where it has passed; below 0 where it is none."""
    try:
        at = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return -1.0
    return max((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def read_wait(said: str) -> float | None:
    """Reads seconds from a message such as `try again in 1m2.5s`; None where it tells none."""
    found = WAIT.search(said)
    if found is None:
        return None
    return sum(float(number) * UNITS_S[unit.lower()] for number, unit in ONE_DURATION.findall(found[1]))


def message_in(error: object) -> str:
    """Finds the provider's own message; a web page is none, and where there is none it is empty."""
    return _message(error, MAX_DEPTH)


def _message(error: object, depth: int) -> str:
    if isinstance(error, str):
        text = error.strip()
        return "" if text.startswith("<") else text
    if not depth:
        return ""
    if isinstance(error, list):
        texts = [text for entry in error[:QUOTED_ENTRIES] if (text := _message(entry, depth - 1))]
        return "; ".join(texts)
    if not isinstance(error, dict):
        return ""
    for name in (*WRAPPERS, *TEXTS):
        if text := _message(error.get(name), depth - 1):
            return f"{_where(error)}{text}{_behind(error, depth)}"
    return ""


def _where(error: Mapping[str, Any]) -> str:
    """Writes FastAPI's place of a wrong value, as in `body.messages.0: `."""
    place = error.get("loc")
    return f"{'.'.join(map(str, place))}: " if isinstance(place, list) and place else ""


def _behind(error: Mapping[str, Any], depth: int) -> str:
    """Reads what the provider behind a gateway said (OpenRouter), which itself only says that there was an error."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str) and raw.lstrip().startswith(("{", "[")):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return ""
    text = _message(raw, depth - 1)
    return f": {text}" if text else ""


def _names(error: object, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yields the values of `code`, `type` and `status`, the innermost error's first, and Google's `reason`."""
    if not depth:
        return
    if isinstance(error, list):
        for entry in error[:QUOTED_ENTRIES]:
            yield from _names(entry, depth - 1)
    elif isinstance(error, dict):
        for name in (*WRAPPERS, "details"):
            yield from _names(error.get(name), depth - 1)
        for name in ("code", "type", "status", "reason"):
            if isinstance(value := error.get(name), str | int):
                yield str(value).lower()


def _category(error: object, said: str, status: int | None) -> Category:
    names = list(_names(error))
    named = next((NAMED[name] for name in names if name in NAMED), None)
    if status == 413 or named == "context" or is_too_long(said, named, status):
        return "context"
    if NO_CREDIT.search(said):
        return "quota"
    if any("overloaded" in name for name in names):
        return "unavailable"
    if status in (None, 400) and WRONG_KEY.search(said):
        return "auth"
    if named is not None and (status is None or named not in VAGUE):
        return named
    return "reported" if status is None else _category_of_status(status)


def is_too_long(said: str, named: Category | None = None, status: int | None = None) -> bool:
    """Tells whether a message says that the conversation is too long. `named` is what the provider's own name for it
    means."""
    if TOO_LARGE_AT_ONCE.search(said):
        return True
    is_about_time = named in ("rate_limit", "quota") or PER_TIME.search(said)
    if is_about_time or status not in (None, 400, 422, 500, 502) or TOO_MUCH_OUTPUT.search(said):
        return False
    return bool(TOO_LONG.search(said))


def _category_of_status(status: int) -> Category:
    match status:
        case 401 | 403:
            return "auth"
        case 402:
            return "quota"
        case 404:
            return "not_found"
        case 408 | 504:
            return "timeout" if status == 408 else "server"
        case 429:
            return "rate_limit"
        case 503 | 529:
            return "unavailable"
    if 500 <= status < 600:
        return "server"
    return "rejected" if 400 <= status < 500 else "unreadable"
