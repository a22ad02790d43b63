"""What went wrong at a provider, as a sentence for the person. Imports pydantic-ai: load it late."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic_ai import exceptions as failures

from .base import ModelError, Reason

LONGEST_QUOTE = 300
KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|xai|key)-[\w-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
TOO_LONG = re.compile(
    r"context (?:length|window|size)|prompt is too long|too many tokens|exceeds? .{0,40}\btokens", re.IGNORECASE
)


@dataclass(frozen=True)
class Source:
    """Where a model lives, in words that may be shown."""

    label: str
    model: str
    base_url: str
    key_setting: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The address without user, password and query, any of which may be a secret."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}".rstrip("/") if parts.hostname else self.label

    def explain(self, error: Exception) -> ModelError:
        """The ModelError for anything that pydantic-ai or an SDK below it raised."""
        if isinstance(error, ModelError):
            return error
        reason, sentence = next(
            ((reason, sentence) for kind, reason, sentence in SENTENCES if isinstance(error, kind)),
            ("bad_response", ANYTHING_ELSE),
        )
        if reason == "refused" and TOO_LONG.search(said_by(error)):
            reason, sentence = "context_length", CONTEXT
        retry_after_s = getattr(error, "retry_after", None)
        text = sentence.format(
            label=self.label,
            model=self.model,
            place=self.place,
            key=self.key_setting or "the key",
            status=f" ({status})" if (status := getattr(error, "status_code", None)) else "",
            wait=f" in {retry_after_s:.0f} s" if retry_after_s else " later",
            said=self.quote(error),
        )
        return ModelError(text, reason, retry_after_s)

    def cut_off(self) -> ModelError:
        return ModelError(CUT_OFF.format(label=self.label, place=self.place), "network")

    def refusal(self, said: str) -> ModelError:
        return self.explain(failures.ContentFilterError(said))

    def quote(self, error: Exception) -> str:
        said = without_secrets(said_by(error), self.secrets)
        said = " ".join(said.split())
        if not said:
            return ""
        cut = said if len(said) <= LONGEST_QUOTE else said[: LONGEST_QUOTE - 1] + "…"
        return f" It said: {cut}"


def said_by(error: BaseException) -> str:
    """The provider's own message, as far as one can be found."""
    body = getattr(error, "body", None)
    for candidate in (_message_in(body), body):
        if isinstance(candidate, str) and candidate.strip() and not candidate.lstrip().startswith("<"):
            return candidate
    return "" if isinstance(error, failures.ModelHTTPError) else str(getattr(error, "message", "") or error)


def _message_in(body: Any) -> Any:
    if not isinstance(body, dict):
        return None
    inner = body.get("error", body)
    return inner.get("message") if isinstance(inner, dict) else inner


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return KEY_LIKE.sub("…", text)


CUT_OFF = "{label} at {place} broke off in the middle of its answer. Send the message again to go on."
CONTEXT = (
    "The conversation is too long for {model}. Compact the chat, start a new one, or choose a model with a larger "
    "context window."
)
ANYTHING_ELSE = (
    "{label} at {place} sent an answer that could not be understood. Check the base URL, send the message again, or "
    "choose another model.{said}"
)

SENTENCES: tuple[tuple[type[BaseException], Reason, str], ...] = (
    # The order matters: what is special comes before what it is a kind of.
    (failures.ModelContextWindowExceededError, "context_length", CONTEXT),
    (
        failures.ModelAuthenticationError,
        "auth",
        "{label} did not accept the API key{status}. Check {key}, and that the account may use {model}.{said}",
    ),
    (
        failures.ModelNotFoundError,
        "unknown_model",
        "{label} at {place} does not know the model {model}{status}. Choose another one in the model list, or check "
        "the base URL.{said}",
    ),
    (
        failures.ModelQuotaExceededError,
        "rate_limit",
        "The account at {label} has used up its quota or credit{status}. Top it up there, or choose another "
        "model.{said}",
    ),
    (
        failures.ModelRateLimitError,
        "rate_limit",
        "{label} asks to slow down: a rate limit was reached{status}. Send the message again{wait}.{said}",
    ),
    (
        failures.ModelUnavailableError,
        "overloaded",
        "{label} is overloaded or away at the moment{status}. Send the message again{wait}.{said}",
    ),
    (
        failures.ModelServerError,
        "overloaded",
        "{label} failed with an error of its own{status}. Send the message again{wait}.{said}",
    ),
    (
        failures.ModelTimeoutError,
        "timeout",
        "{label} at {place} stopped answering. Send the message again, or choose another model.",
    ),
    (failures.ModelRequestTimeout, "timeout", "{label} at {place} took too long. Send the message again."),
    (
        failures.ModelConnectionError,
        "network",
        "The connection to {label} at {place} failed or broke off. Check that it runs and can be reached, then send "
        "the message again.",
    ),
    (
        failures.ModelRequestRejectedError,
        "refused",
        "{label} refused the request{status}. Change the message, or choose another model.{said}",
    ),
    (
        failures.ContentFilterError,
        "refused",
        "{label} refused to answer: its content filter stepped in. Change the message, or choose another model.{said}",
    ),
    (
        failures.UserError,
        "not_configured",
        "{label} is not set up for {model}. Check its settings in the README.{said}",
    ),
)
