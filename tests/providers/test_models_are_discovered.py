import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from chats.providers import discovery
from chats.providers.config import ProviderConfig
from chats.providers.discovery import available_models, look_for_models
from chats.providers.lazy_imports import load
from tests.openai_server import OpenAIServer
from tests.providers.playing import CANARY

NOWHERE = {"ollama": "http://127.0.0.1:1/v1"}


def names(models: Any) -> list[str]:
    return [choice.name for choice in models]


async def test_it_lists_what_local_servers_have(serve: Any) -> None:
    ollama = await serve([], models=["qwen3:8b", "nomic-embed-text"])
    studio = await serve([], models=["org/gemma"])
    servers = {"ollama": ollama.url, "lmstudio": studio.url, "vllm": "http://127.0.0.1:1/v1"}
    found = await look_for_models(ProviderConfig(local_servers=servers, environment={}))
    assert names(found.models) == ["ollama:qwen3:8b", "lmstudio:org/gemma", "scripted:demo"]
    assert [choice.label for choice in found.models][:2] == ["Ollama: qwen3:8b", "LM Studio: org/gemma"]
    assert all(choice.local for choice in found.models)
    assert found.notes == ()


async def test_it_does_not_ask_boocode_itself(serve: Any) -> None:
    own = await serve([])
    config = ProviderConfig(local_servers={"vllm": own.url}, own_port=own.port, environment={})
    assert names(await available_models(config)) == ["scripted:demo"]
    assert own.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n<html>Hi</html>",
        b'HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{"models": "few"}',
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
async def test_it_takes_no_other_server_for_a_model_s(answer: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        if answer:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        config = ProviderConfig(local_servers={"llamacpp": f"http://127.0.0.1:{port}/v1"}, environment={})
        started = time.monotonic()
        assert names(await available_models(config)) == ["scripted:demo"]
        assert time.monotonic() - started < 2


async def test_it_lists_what_a_configured_server_has(serve: Any) -> None:
    server = await serve([], models=["mine-b", "mine-a", "text-embedding-3"])
    config = ProviderConfig(openai_base_url=server.url, openai_api_key=CANARY, local_servers=NOWHERE, environment={})
    assert names(await available_models(config)) == ["openai:mine-a", "openai:mine-b", "scripted:demo"]
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


async def test_it_does_not_count_the_loading_of_the_client_as_silence(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_slowly(module: str) -> Any:
        time.sleep(0.6)
        return load(module)

    server = await serve([], models=["mine"])
    config = ProviderConfig(openai_base_url=server.url, local_servers={}, environment={})
    await available_models(config)  # loads it for real
    monkeypatch.setattr(discovery, "_last", None)
    monkeypatch.setattr(discovery, "load", load_slowly)
    monkeypatch.setattr(discovery, "REMOTE_TIMEOUT_S", 0.5)
    assert names(await available_models(config)) == ["openai:mine", "scripted:demo"]


async def test_it_notes_a_provider_that_fails_and_goes_on() -> None:
    config = ProviderConfig(
        openai_base_url="http://127.0.0.1:1/v1", openai_api_key=CANARY, local_servers=NOWHERE, environment={}
    )
    found = await look_for_models(config)
    assert names(found.models) == ["scripted:demo"]
    assert found.notes == (
        "OpenAI at 127.0.0.1 did not list its models: it could not be reached. "
        "Check that it runs, and OPENAI_BASE_URL.",
    )


@pytest.mark.parametrize(
    ("status", "note"),
    [
        (b"401 Unauthorized", "OpenAI at 127.0.0.1 did not list its models: it did not accept the API key. "),
        (b"500 Error", "OpenAI at 127.0.0.1 did not list its models: it answered with an error (500)."),
        (b"404 Not Found", "OpenAI at 127.0.0.1 has no list of models that could be read. "),
        (b"200 OK", "OpenAI at 127.0.0.1 has no list of models that could be read. "),
    ],
)
async def test_it_blames_the_key_only_where_the_key_is_to_blame(status: bytes, note: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        config = ProviderConfig(openai_base_url=url, local_servers=NOWHERE, environment={})
        (found,) = (await look_for_models(config)).notes
    assert found.startswith(note)
    assert ("key" in found) == (status[:3] == b"401")


async def test_it_asks_again_only_after_some_seconds() -> None:
    async with OpenAIServer(models=["qwen3"]) as server:
        config = ProviderConfig(local_servers={"ollama": server.url}, environment={})
        first, second = await available_models(config), await available_models(config)
        assert first == second
        assert len(server.requests) == 1


@pytest.mark.parametrize("wrap", [lambda listed: listed, lambda listed: {"object": "list", "data": listed}])
async def test_it_lists_the_ids_that_are_texts(serve: Any, wrap: Any) -> None:
    listed = [{"id": "good"}, {"id": None}, {"id": 5}, {"id": ["x"]}, {"id": {}}, {}, None, {"id": "\ud800"}]
    listed += [{"id": ""}, {"id": "a\nb"}, {"id": " "}, {"id": "org/good:8b"}, "bare"]
    server = await serve([], models_body=wrap(listed))
    config = ProviderConfig(openai_base_url=server.url, local_servers=NOWHERE, environment={})
    found = await look_for_models(config)
    assert names(found.models) == ["openai:bare", "openai:good", "openai:org/good:8b", "scripted:demo"]
    assert found.notes == ()
    assert json.dumps([choice.label for choice in found.models], ensure_ascii=False).encode()


async def test_it_lists_scripts(tmp_path: Path) -> None:
    (tmp_path / "greet.json").write_text("[]")
    (tmp_path / ".torn.json").write_text("[]")
    config = ProviderConfig(local_servers=NOWHERE, scripts_dir=tmp_path, environment={})
    assert names(await available_models(config)) == ["scripted:demo", "scripted:greet"]


async def test_it_asks_a_provider_with_a_key_at_its_own_address(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a proxy, which sees no more than where it is to connect to."""
    proxy = await serve([])
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    config = ProviderConfig(local_servers=NOWHERE, environment={"DEEPSEEK_API_KEY": "key", "GOOGLE_API_KEY": "key"})
    found = await look_for_models(config)
    assert found.notes == ("DeepSeek did not list its models: it could not be reached. Check the network.",)
    assert [(request.method, request.path) for request in proxy.requests] == [("CONNECT", "api.deepseek.com:443")]
    # The package for it is not installed.
    assert not any(name.startswith("google:") for name in names(found.models))


def test_it_knows_the_models_of_a_provider_that_pydantic_ai_reaches() -> None:
    assert any(name.startswith("gemini-") for name in load("protocols.other").known_models("google"))
