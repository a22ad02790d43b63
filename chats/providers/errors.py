"""What went wrong at a provider, as a sentence for the person. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal
from urllib.parse import urlsplit

from .base import ModelError, Reason

LONGEST_QUOTE = 300
KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|xai|key)-[\w-]{8,}|\bBearer\s+\S+", re.IGNORECASE)

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
    "reported",
    "empty",
    "unreadable",
]

SENTENCES: Mapping[Category, tuple[Reason, str]] = {
    "context": (
        "context_length",
        "The conversation is too long for {model}{status}. Compact the chat, start a new one, or choose a model with a "
        "larger context window.{said}",
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
    "reported": (
        "bad_response",
        "{label} at {address} answered with an error. Send the message again, or choose another model.{said}",
    ),
    "empty": ("empty", "{label} sent an answer with nothing in it. Ask again, or choose another model."),
    "unreadable": (
        "bad_response",
        "{label} at {address} sent an answer that could not be understood. Check the base URL, send the message again, "
        "or choose another model.{said}",
    ),
}


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
            wait=f" in {ceil(error.retry_after_s)} s" if error.retry_after_s else " later",
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
