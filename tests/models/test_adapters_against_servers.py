"""The adapters against servers that others wrote, live; `make test-models` installs and runs them."""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

import pytest

from chats.providers.base import StepEnd, ToolOutput, TranscriptItem, UserText
from chats.providers.config import ProviderConfig
from chats.providers.registry import close, open_model
from tests.processes import free_port, start, stop
from tests.providers.playing import Played, play

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / ".venv-models"
START_S = 600
REQUESTS = 20
NAMES = ["openai-chat:aimock", "openai-responses:aimock", "anthropic:aimock"]


@contextlib.contextmanager
def running(command: Sequence[object], port: int, log: Path) -> Iterator[str]:
    environment = os.environ | {"LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true"}
    process = start([str(part) for part in command], log=log, environment=environment)
    try:
        deadline = time.monotonic() + START_S
        while not is_ready(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "The server does not start."
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def is_ready(port: int) -> bool:
    """Whether a server answers there; llama.cpp's says 503 while it loads the model."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status != 503
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, log = free_port(), tmp_path_factory.mktemp("aimock") / "log"
    with running(["node", HERE / "aimock.cjs", str(port)], port, log) as url:
        yield url


@pytest.fixture(scope="module")
def litellm(aimock: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """LiteLLM's proxy, with aimock as the provider behind it."""
    port, home = free_port(), tmp_path_factory.mktemp("litellm")
    behind = {"model": "openai/gpt-4o", "api_base": f"{aimock}/v1", "api_key": "none"}
    config = home / "config.json"
    config.write_text(json.dumps({"model_list": [{"model_name": "aimock", "litellm_params": behind}]}))
    command = [MODELS / "bin/litellm", "--config", config, "--host", "127.0.0.1", "--port", str(port)]
    with running(command, port, home / "log") as url:
        yield url


async def say(url: str, name: str, *said: str) -> list[Played]:
    """Asks with each message after another, with the tools' answers between them."""
    config = ProviderConfig(
        openai_base_url=f"{url}/v1", anthropic_base_url=url, openai_api_key="none", anthropic_api_key="none", retries=0
    )
    model = open_model(name, config)
    transcript: list[TranscriptItem] = []
    answers: list[Played] = []
    try:
        for text in said:
            transcript.append(UserText(text))
            answers.append(await play(model, transcript))
            if answers[-1].error is None:
                transcript.append(answers[-1].as_item())
                transcript += [ToolOutput(call.id, call.name, "It is empty.") for call in answers[-1].calls]
    finally:
        await model.aclose()
        await close()
    return answers


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("server", ["aimock", "litellm"])
async def test_it_talks_reasons_and_calls(name: str, server: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server)
    thought, called, told = await say(url, name, "think", "tools", "hello")
    assert (thought.error, called.error, told.error) == (None, None, None)
    assert (thought.text, told.text) == ("Yes.", "Grüße, 世界 👋 from the mock.")
    assert [(call.name, call.args) for call in called.calls] == [("read_file", {"path": "ü.py"}), ("list_files", {})]


@pytest.mark.parametrize("name", NAMES)
async def test_it_says_that_it_is_to_slow_down(name: str, aimock: str) -> None:
    (refused,) = await say(aimock, name, "busy")
    assert refused.failure.reason == "rate_limit"


async def test_it_talks_to_llama_cpp(tmp_path: Path) -> None:
    port = free_port()
    with running([MODELS / "bin/python", HERE / "llamacpp.py", str(port)], port, tmp_path / "log") as url:
        config = ProviderConfig(local_servers={"llamacpp": f"{url}/v1"}, environment={}, max_output_tokens=8)
        model = open_model("llamacpp:smollm2", config)
        played = await play(model, tools=())
        await close()
    assert played.text
    assert played.end.usage.prompt_tokens


@pytest.mark.parametrize(
    ("provider", "model", "path"),
    [
        ("openai-chat", "gpt-4o", ""),
        ("openai-responses", "gpt-4o", ""),
        ("anthropic", "claude-sonnet-4-5", "/anthropic"),
    ],
)
async def test_it_ends_each_answer_of_a_server_in_chaos(provider: str, model: str, path: str, tmp_path: Path) -> None:
    port = free_port()
    faults = ["--error-rate", "500=0.2", "--error-rate", "429=0.1"]
    for fault in ("truncate", "malformed", "disconnect"):
        faults += ["--stream-fault", f"{fault}=0.15"]
    command = [
        MODELS / "bin/llmock",
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--tool-mode",
        "off",
        *faults,
    ]
    with running(command, port, tmp_path / "log") as url:
        ends = [played for _ in range(REQUESTS) for played in await say(f"{url}{path}", f"{provider}:{model}", "hello")]
    assert all(played.error or isinstance(played.events[-1], StepEnd) for played in ends)
    assert any(played.error for played in ends)
    assert any(played.text for played in ends), [played.error for played in ends]
