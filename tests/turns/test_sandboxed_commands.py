"""On a real server: what commands see of it, by the project's settings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server import Server
from tests.turns.conftest import Talk
from tools.commands import sandbox

pytestmark = pytest.mark.skipif(sandbox.explain_absence() is not None, reason=str(sandbox.explain_absence()))

DEVICES = ["sh", "-c", "tail -n +3 /proc/net/dev | grep -vc '^ *lo:'; cat /proc/[0-9]*/environ | tr '\\0' '\\n'"]
SCRIPT = [{"tool": "run_command", "args": {"command": DEVICES}}, {"text": "Done."}]


def output(chat: Talk) -> str:
    chat.say("go")
    chat.wait()
    return str(chat.traces()[0]["output"])


def test_they_see_neither_the_server_nor_a_network(
    serve: Callable[..., Server], talk: Callable[..., Talk], tmp_path: Path
) -> None:
    server = serve(BOOCODE_SANDBOX="on", CANARY_OF_THE_SERVER="seen")
    seen = output(talk(SCRIPT, server=server))
    assert seen.splitlines()[0] == "0"
    assert "CANARY" not in seen


def test_a_project_may_have_the_network(talk: Callable[..., Talk]) -> None:
    # Without a sandbox there is what the machine has.
    assert output(talk(SCRIPT, network=True)).splitlines()[0] == str(len(_interfaces()))


def _interfaces() -> list[str]:
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return [line for line in lines if not line.strip().startswith("lo:")]
