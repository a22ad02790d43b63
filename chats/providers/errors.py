"""What went wrong at a provider, as a sentence for the person. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from .base import ModelError, Reason

LONGEST_QUOTE = 300
KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|xai|key)-[\w-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
TOO_LONG = re.compile(
    r"context (?:length|window|size)|prompt is too long|too many tokens|exceeds? .{0,40}\btokens|"
    r"reduce the length of the messages",
    re.IGNORECASE,
)

Category = Literal[
    "context",
    "auth",
    "not_found",
    "quota",
    "rate_limit",
    "unavailable",
    "server",
    "timeout",
    "connection",
    "cut_off",
    "rejected",
    "filtered",
    "setup",
    "unreadable",
]

SENTENCES: Mapping[Category, tuple[Reason, str]] = {
    "context": (
        "context_length",
        "The conversation is too long for {model}. Compact the chat, start a new one, or choose a model with a larger "
        "context window.",
    ),
    "auth": (
        "auth",
        "{label} did not accept the API key{status}. Check {key}, and that the account may use {model}.{said}",
    ),
    "not_found": (
        "unknown_model",
        "{label} at {address} does not know the model {model}{status}. Choose another one in the model list, or check "
        "the base URL.{said}",
    ),
    "quota": (
        "rate_limit",
        "The account at {label} has used up its quota or credit{status}. Top it up there, or choose another "
        "model.{said}",
    ),
    "rate_limit": (
        "rate_limit",
        "{label} asks to slow down: a rate limit was reached{status}. Send the message again{wait}.{said}",
    ),
    "unavailable": (
        "overloaded",
        "{label} is overloaded or away at the moment{status}. Send the message again{wait}.{said}",
    ),
    "server": ("overloaded", "{label} failed with an error of its own{status}. Send the message again{wait}.{said}"),
    "timeout": ("timeout", "{label} at {address} stopped answering. Send the message again, or choose another model."),
    "connection": (
        "network",
        "The connection to {label} at {address} failed or broke off. Check that it runs and can be reached, then send "
        "the message again.",
    ),
    "cut_off": (
        "network",
        "{label} at {address} broke off in the middle of its answer. Send the message again to go on.",
    ),
    "rejected": ("refused", "{label} refused the request{status}. Change the message, or choose another model.{said}"),
    "filtered": (
        "refused",
        "{label} refused to answer: its content filter stepped in. Change the message, or choose another model.{said}",
    ),
    "setup": ("not_configured", "{label} is not set up for {model}. Check its settings in the README.{said}"),
    "unreadable": (
        "bad_response",
        "{label} at {address} sent an answer that could not be understood. Check the base URL, send the message again, "
        "or choose another model.{said}",
    ),
}

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
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "invalid_api_key": "auth",
    "authentication_error": "auth",
    "permission_error": "auth",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "too_many_requests": "rate_limit",
    "service_unavailable": "unavailable",
    "service_unavailable_error": "unavailable",
    "unavailable_error": "unavailable",
    "server_is_overloaded": "unavailable",
    "server_error": "server",
    "api_error": "server",
    "timeout_error": "server",
    "invalid_request_error": "rejected",
    "content_filter": "filtered",
    "content_policy_violation": "filtered",
}
"""What a provider's own `code` or `type` means, in an error's body and in one inside a stream."""
VAGUE = frozenset({"rejected", "server"})
"""Categories of a name that say less than the HTTP status does."""


class AnswerError(Exception):
    """A request or its answer failed. `said` is the provider's own message, which may hold secrets."""

    def __init__(
        self, category: Category, said: str = "", status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(category)
        self.category: Category = category
        self.said = said
        self.status = status
        self.retry_after_s = retry_after_s


def read_status(status: int, body: bytes, headers: Mapping[str, str]) -> AnswerError:
    """The error that an HTTP status other than 200 means, with what its body says."""
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        error = body.decode(errors="replace")
    return AnswerError(_category(error, status), message_in(error), status, read_retry_after(headers))


def read_error(error: object) -> AnswerError:
    """The error that an object inside of a stream tells of; gateways put the HTTP status into its `code`."""
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    status = int(code) if code.isdigit() and 400 <= int(code) < 600 else None
    return AnswerError(_category(error, status), message_in(error), status)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `Retry-After`; None where there is no number."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit_s
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


def message_in(error: object) -> str:
    """The provider's own message, as far as one can be found; a web page is none."""
    inner = _inner(error)
    for candidate in (inner.get("message") if isinstance(inner, dict) else inner, error):
        if isinstance(candidate, str) and candidate.strip() and not candidate.lstrip().startswith("<"):
            return candidate
    return ""


def _inner(error: object) -> Any:
    return error.get("error", error) if isinstance(error, dict) else error


def _category(error: object, status: int | None) -> Category:
    inner, said = _inner(error), message_in(error)
    names = [str(inner.get(name) or "").lower() for name in ("code", "type")] if isinstance(inner, dict) else []
    named = next((NAMED[name] for name in names if name in NAMED), None)
    if named == "context" or (TOO_LONG.search(said) and status in (None, 400, 413, 422, 500)):
        return "context"
    if "credit balance is too low" in said.lower():
        return "quota"
    if any("overloaded" in name for name in names):
        return "unavailable"
    if named is not None and (status is None or named not in VAGUE):
        return named
    return "unreadable" if status is None else _category_of_status(status)


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


@dataclass(frozen=True)
class Source:
    """Where a model lives, in words that may be shown."""

    label: str
    model: str
    base_url: str
    key_setting: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The address without user, password and query, any of which may be a secret."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}".rstrip("/") if parts.hostname else self.label

    def explain(self, error: AnswerError) -> ModelError:
        reason, sentence = SENTENCES[error.category]
        text = sentence.format(
            label=self.label,
            model=self.model,
            address=self.address,
            key=self.key_setting or "the key",
            status=f" ({error.status})" if error.status else "",
            wait=f" in {error.retry_after_s:.0f} s" if error.retry_after_s else " later",
            said=self._quote(error.said),
        )
        return ModelError(text, reason, error.retry_after_s)

    def _quote(self, said: str) -> str:
        said = " ".join(without_secrets(said, self.secrets).split())
        if not said:
            return ""
        cut = said if len(said) <= LONGEST_QUOTE else said[: LONGEST_QUOTE - 1] + "…"
        return f" It said: {cut}"


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return KEY_LIKE.sub("…", text)
