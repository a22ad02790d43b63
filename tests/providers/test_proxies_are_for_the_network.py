from typing import Any

import pytest

from tests.providers.playing import play


async def test_it_asks_a_server_of_this_machine_directly(serve: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await play(ask(await serve([[{"text": "Here."}]])))).text == "Here."
