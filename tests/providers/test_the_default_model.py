import pytest

from chats.providers.config import ProviderConfig
from chats.providers.discovery import suggested_model
from chats.providers.prices import context_window
from chats.providers.registry import ANTHROPIC_DEFAULT, OPENAI_DEFAULT, default_model
from tests.openai_server import OpenAIServer


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (ProviderConfig(default_model="ollama:qwen3", openai_api_key="key"), "ollama:qwen3"),
        (ProviderConfig(openai_api_key="key", anthropic_api_key="key"), ANTHROPIC_DEFAULT),
        (ProviderConfig(openai_api_key="key"), OPENAI_DEFAULT),
        (ProviderConfig(openai_api_key="key", openai_base_url="https://api.openai.com/v1/"), OPENAI_DEFAULT),
        (ProviderConfig(openai_api_key="key", openai_base_url="http://10.0.0.7/v1"), "scripted:demo"),
        (ProviderConfig(), "scripted:demo"),
    ],
)
def test_it_is_the_configured_one_or_one_with_a_key_or_the_demo(config: ProviderConfig, name: str) -> None:
    assert default_model(config) == name


@pytest.mark.parametrize("name", [ANTHROPIC_DEFAULT, OPENAI_DEFAULT])
def test_it_names_models_that_exist(name: str) -> None:
    assert context_window(name)


async def test_it_is_a_local_model_rather_than_the_demo() -> None:
    async with OpenAIServer(models=["qwen3"]) as server:
        config = ProviderConfig(local_servers={"ollama": server.url}, environment={})
        assert await suggested_model(config) == "ollama:qwen3"
    config = ProviderConfig(local_servers={"ollama": server.url}, environment={}, own_port=1)
    assert await suggested_model(config) == "scripted:demo"
