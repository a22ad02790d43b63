"""A worker freezes past its lease, is taken over, and thaws: what it still says is refused."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from django.db import connection

from tests.server import Server
from tests.turns.conftest import Talk

pytestmark = pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="on SQLite there is one server")


def test_it_keeps_no_lock(db: None) -> None:
    """It may have been frozen in the middle of a transaction; PostgreSQL ends that."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)


def test_it_says_nothing_more(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve(BOOCODE_LEASE_S="4")
    peer = server.peer().start()
    try:
        chat = talk([{"text": "word " * 300, "chunk": 5, "delay_ms": 10}], server=server)
        chat.say("Speak")
        chat.wait_until(lambda: len(chat.messages()) > 1 and chat.messages()[-1]["content"])
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        chat.server = peer
        messages = chat.wait(timeout_s=60)
        server.process.send_signal(signal.SIGCONT)
        time.sleep(3)
        assert chat.messages() == messages
        _user, cut, whole = messages
        assert cut["status"] == "interrupted"
        assert (whole["status"], whole["content"]) == ("complete", "word " * 300)
    finally:
        if server.process is not None:
            server.process.send_signal(signal.SIGCONT)
        peer.stop()
