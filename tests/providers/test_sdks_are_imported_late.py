import subprocess
import sys

HEAVY = "pydantic_ai openai anthropic httpx2 genai_prices django"

SCRIPT = f"""
import asyncio, sys
from chats.providers.base import UserText
from chats.providers.discovery import available_models
from chats.providers.registry import ProviderConfig, default_model, open_model

async def main():
    config = ProviderConfig(openai_api_key="key", environment={{}}, demo_delay_ms=0)
    default_model(config)
    open_model("openai:gpt-6", config)
    async for _ in open_model("scripted:demo", config).stream("", [UserText("Hello")], []):
        pass
    print([name for name in "{HEAVY}".split() if name in sys.modules])

asyncio.run(main())
"""


def test_it_imports_no_sdk_before_a_real_model_is_asked() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
