import logging
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from boocode.server.logs import RedactingFormatter
from traces.redactor import redactor

CANARY = "sk-canary-in-an-exception"


@pytest.fixture
def formatter(settings: Settings) -> Iterator[RedactingFormatter]:
    settings.SECRETS = {CANARY}
    redactor.cache_clear()
    yield RedactingFormatter("%(levelname)s %(message)s")
    redactor.cache_clear()


def test_it_masks_messages_and_tracebacks(formatter: RedactingFormatter) -> None:
    try:
        raise ValueError(f"401 for key {CANARY}")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "asked with %s", (CANARY,), info)
    text = formatter.format(record)
    assert CANARY not in text
    assert "ValueError: 401 for key [redacted]" in text
    assert text.startswith("ERROR asked with [redacted]")
