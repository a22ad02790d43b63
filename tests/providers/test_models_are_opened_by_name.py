import pytest

from chats.providers.base import ModelError
from chats.providers.config import ProviderConfig
from chats.providers.registry import open_model


@pytest.mark.parametrize("name", ["", "gpt-5", ":gpt-5", "openai:", "nobody:gpt-5", "demo"])
def test_it_knows_no_other_form_than_provider_and_model(name: str) -> None:
    with pytest.raises(ModelError, match="A model's name is provider:model") as caught:
        open_model(name, ProviderConfig(openai_api_key="key"))
    assert caught.value.reason == "unknown_model"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai:gpt-6", "OPENAI_API_KEY"),
        ("anthropic:claude-sonnet-5-5", "ANTHROPIC_API_KEY"),
        ("deepseek:deepseek-chat", "DEEPSEEK_API_KEY"),
    ],
)
def test_it_says_which_key_is_missing(name: str, variable: str) -> None:
    with pytest.raises(ModelError, match=f"Set {variable} in the environment") as caught:
        open_model(name, ProviderConfig(environment={}))
    assert caught.value.reason == "not_configured"


def test_it_says_what_to_install() -> None:
    with pytest.raises(
        ModelError, match=r"pip install 'boocode\[providers\]' \"pydantic-ai-slim\[google\]\""
    ) as caught:
        open_model("google:gemini-3-pro", ProviderConfig(environment={"GOOGLE_API_KEY": "key"}))
    assert caught.value.reason == "not_configured"


@pytest.mark.parametrize("name", ["ollama:llama3:8b", "vllm:org/model", "openai:mine", "openai-chat:x", "anthropic:x"])
def test_it_needs_no_key_for_a_server_of_one_s_own(name: str) -> None:
    config = ProviderConfig(openai_base_url="http://10.0.0.7/v1", anthropic_base_url="http://10.0.0.7", environment={})
    model = open_model(f" {name} ", config)
    assert model.name == name
    assert model.context_window is None


@pytest.mark.parametrize(
    "address", ["not a url", "127.0.0.1:8080", "ftp://host/v1", "http://host:many/v1", "http://[bad"]
)
@pytest.mark.parametrize("name", ["openai:x", "anthropic:x", "ollama:x"])
def test_it_says_that_an_address_is_none(name: str, address: str) -> None:
    config = ProviderConfig(
        openai_base_url=address, anthropic_base_url=address, local_servers={"ollama": address}, environment={}
    )
    with pytest.raises(ModelError, match="is no address of a server") as caught:
        open_model(name, config)
    assert caught.value.reason == "not_configured"
