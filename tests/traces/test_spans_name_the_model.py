import pytest

from traces.otel.spans import model_attributes


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("openai:gpt-5", "openai", "gpt-5"),
        ("openai-chat:gpt-5", "openai", "gpt-5"),
        ("ollama:qwen3:8b", "ollama", "qwen3:8b"),
        ("openrouter:org/model:free", "openrouter", "org/model:free"),
        ("openai:ft:gpt-5:org::id", "openai", "ft:gpt-5:org::id"),
        ("xai:grok", "x_ai", "grok"),
        ("unnamed", "", "unnamed"),
    ],
)
def test_it_names_the_whole_model(name: str, provider: str, model: str) -> None:
    assert model_attributes(name) == {"gen_ai.provider.name": provider, "gen_ai.request.model": model}
