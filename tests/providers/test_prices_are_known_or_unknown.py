import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from chats.providers.base import Usage
from chats.providers.config import ProviderConfig
from chats.providers.custom_prices import Known, read_prices
from chats.providers.prices import context_window, cost_usd
from tests.server import PROJECT_DIR

SPENT = Usage(prompt_tokens=1_000_000, completion_tokens=100_000, cache_tokens=0, cache_write_tokens=0)


def test_it_prices_a_known_model() -> None:
    assert cost_usd("openai:gpt-4o", SPENT) == Decimal("3.5")


def test_it_prices_cached_tokens_as_such() -> None:
    cached = Usage(prompt_tokens=1_000_000, completion_tokens=100_000, cache_tokens=1_000_000)
    assert cost_usd("openai:gpt-4o", cached) == Decimal("2.25")


@pytest.mark.parametrize(
    "name",
    ["openai:no-such-model-xyz", "ollama:llama3", "vllm:gpt-4o", "scripted:demo", "nobody:gpt-4o", "gpt-4o"],
)
def test_it_guesses_nothing(name: str) -> None:
    assert cost_usd(name, SPENT) is None
    assert context_window(name) is None


def test_it_has_no_price_without_usage() -> None:
    assert cost_usd("openai:gpt-4o", Usage()) is None


def test_it_has_no_price_for_somebody_else_s_server() -> None:
    config = ProviderConfig(openai_base_url="http://10.0.0.7/v1", anthropic_base_url="http://10.0.0.7")
    assert cost_usd("openai:gpt-4o", SPENT, config) is None
    assert cost_usd("anthropic:claude-sonnet-4-5", SPENT, config) is None
    assert cost_usd("openai:gpt-4o", SPENT, ProviderConfig()) == Decimal("3.5")


def test_it_believes_its_own_table_first() -> None:
    ours = Known(context_window=42, prompt=Decimal(10), completion=Decimal(20), cache_read=Decimal(1))
    cached = Usage(prompt_tokens=1_000_000, completion_tokens=100_000, cache_tokens=500_000)
    assert cost_usd("openai:gpt-4o", cached, overrides={"openai:gpt-4o": ours}) == Decimal("7.5")
    assert context_window("openai:gpt-4o", overrides={"openai:gpt-4o": ours}) == 42
    assert cost_usd("openai:gpt-4o", cached, overrides={"openai:gpt-4o": Known(context_window=1)}) is None


def test_it_knows_how_much_a_model_reads() -> None:
    assert context_window("openai:gpt-4o") == 128_000


def test_it_believes_a_person_s_own_prices_before_all() -> None:
    prices = read_prices('{"openai:gpt-4o": {"prompt": 0.5, "completion": 2}, "ollama:x": {"context_window": 9}}')
    config = ProviderConfig(openai_base_url="http://10.0.0.7/v1", prices=prices)
    assert cost_usd("openai:gpt-4o", SPENT, config) == Decimal("0.7")
    assert cost_usd("ollama:x", SPENT, config) is None
    assert context_window("ollama:x", config) == 9
    assert context_window("openai:gpt-4o", ProviderConfig(prices=prices)) == 128_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "should be an object"),
        ("{", "Invalid JSON"),
        ('{"a:b": {"prompt": -1}}', "a:b → prompt"),
        ('{"a:b": {"price": 1}}', "a:b → price"),
        ('{"a:b": {"prompt": "NaN"}}', "finite number"),
    ],
)
def test_it_says_what_is_wrong_with_them(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_prices(text)


def test_a_server_does_not_start_with_prices_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text('{"a:b": {"prompt": "much"}}')
    command = [sys.executable, "manage.py", "check"]
    environment = os.environ | {"BOOCODE_PRICES": str(path)}
    done = subprocess.run(command, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "BOOCODE_PRICES names" in done.stderr
    assert "a:b → prompt" in done.stderr
