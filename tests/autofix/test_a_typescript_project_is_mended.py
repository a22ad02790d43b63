"""The loop on a real project: pnpm and TypeScript from the npm registry, with an error of its own from before."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.turns.conftest import Talk

pytestmark = pytest.mark.skipif(shutil.which("pnpm") is None, reason="pnpm is not installed")

PACKAGE = {"private": True, "scripts": {"build": "tsc -p ."}, "devDependencies": {"typescript": "5.9.3"}}
CONFIG = {"compilerOptions": {"strict": True, "outDir": "dist", "rootDir": "src"}, "include": ["src"]}
PRICE = "export function price(amount: number, tax: number): number {\n  return Math.round(amount * (1 + tax));\n}\n"
MAIN = 'import { price } from "./price";\n\nexport const total: number = price(100, 0.2);\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    for name, text in {
        "package.json": json.dumps(PACKAGE),
        "tsconfig.json": json.dumps(CONFIG),
        "src/price.ts": PRICE,
        "src/main.ts": MAIN,
        "src/old.ts": "export const wrong: string = 5;\n",
    }.items():
        (tmp_path / name).write_text(text)
    # The one door out that a test opens, and only where the store does not have it.
    environment = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    command = ["pnpm", "install", "--prefer-offline"]
    installed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    if installed.returncode:
        pytest.skip(f"the registry did not give TypeScript: {installed.stdout[-300:]}")
    return tmp_path


def edit(path: str, old: str, new: str) -> list[dict[str, Any]]:
    call = {"tool": "edit_file", "args": {"path": path, "edits": [{"old": old, "new": new}]}}
    return [call, {"text": f"{path} is edited."}, {"step": True}]


def test_what_a_change_broke_elsewhere_is_told_and_mended(shop: Path, talk: Callable[..., Talk]) -> None:
    breaks = edit("src/price.ts", "tax: number)", "tax: number, currency: string)")
    mends = edit("src/main.ts", "price(100, 0.2)", 'price(100, 0.2, "EUR")')
    chat = talk([*breaks, *mends])
    chat.say("Prices have a currency.")
    messages = chat.wait(90)
    (told,) = [message["content"] for message in messages if message["kind"] == "build"]
    assert "`pnpm run build`, has new errors since your changes (attempt 1 of 3" in told
    assert "src/main.ts:3: TS2554 Expected 3 arguments, but got 2." in told
    assert "> 3\texport const total: number = price(100, 0.2);" in told
    assert "old.ts" not in told
    assert "1 other error(s) were there before your changes" in told
    build = messages[-1]["metadata"]["build"]
    assert (build["status"], build["attempts"], build["left"]) == ("passed", 1, [])
    checks = [trace for trace in chat.traces() if trace["tool"] == "check"]
    assert [(trace["status"], trace["exit_code"]) for trace in checks] == [("error", 2)] * 3
