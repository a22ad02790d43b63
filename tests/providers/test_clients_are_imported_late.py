import subprocess
import sys

HEAVY = "aiohttp pydantic_ai genai_prices django"

SCRIPT = f"""
import asyncio, sys
from chats.providers.base import UserText
from chats.providers.discovery import available_models
from chats.providers.registry import ProviderConfig, default_model, open_model, warm_up

def loaded():
    return " ".join(name for name in "{HEAVY}".split() if sys.modules.get(name))

async def main():
    config = ProviderConfig(openai_api_key="key", environment={{}}, demo_delay_ms=0)
    default_model(config)
    open_model("openai:gpt-6", config)
    async for _ in open_model("scripted:demo", config).stream("", [UserText("Hello")], []):
        pass
    warm_up(ProviderConfig(environment={{}}))
    warm_up(ProviderConfig(default_model="scripted:demo", openai_api_key="key", environment={{}}))
    print("before:", loaded())
    warm_up(config)
    print("after:", loaded())

asyncio.run(main())
"""


def test_it_imports_an_http_client_only_when_a_real_model_is_asked_or_expected() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("before: \nafter: aiohttp\n", "")
