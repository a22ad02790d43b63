import csv
from collections.abc import Callable
from io import StringIO

import httpx2

from tests.turns.conftest import Talk

SCRIPT = [
    {"tool": "write_file", "args": {"path": "a.txt", "content": 'She said "no",\nand left'}},
    {"tool": "run_command", "args": {"command": ["false"]}},
    {"tool": "=HYPERLINK(1)", "args": {}},
    {"text": "Done."},
]


def test_it_has_a_line_for_each_call_and_no_formulas(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT)
    chat.say("go")
    chat.wait()
    url = f"{chat.server.url}/api/chats/{chat.chat_id}/traces/export"
    headers = {"Authorization": f"Bearer {chat.server.token}"}
    answer = httpx2.get(f"{url}?format=csv", headers=headers, trust_env=False)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    written, failed, odd = csv.DictReader(StringIO(answer.text))
    assert [written["tool"], failed["tool"], odd["tool"]] == ["write_file", "run_command", "'=HYPERLINK(1)"]
    assert written["input"] == r'{"path": "a.txt", "content": "She said \"no\",\nand left"}'
    assert (failed["status"], failed["exit_code"]) == ("error", "1")
    assert float(failed["duration_ms"]) > 0
    assert int(written["prompt_tokens"]) > 0
    assert written["cost_usd"] == ""
    assert [trace["id"] for trace in chat.traces()] == [written["id"], failed["id"], odd["id"]]

    wrong = httpx2.get(f"{url}?format=xml", headers=headers, trust_env=False)
    assert (wrong.status_code, wrong.json()) == (400, {"format": ["“xml” is none of: otlp, csv."]})
    assert httpx2.get(url, headers=headers, trust_env=False).json() == {"format": ["Say which: otlp or csv."]}


def test_a_chat_without_calls_is_a_head(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "Done."}])
    url = f"{chat.server.url}/api/chats/{chat.chat_id}/traces/export?format="
    headers = {"Authorization": f"Bearer {chat.server.token}"}
    assert len(httpx2.get(f"{url}csv", headers=headers, trust_env=False).text.splitlines()) == 1
    empty = httpx2.get(f"{url}otlp", headers=headers, trust_env=False).json()
    assert empty["resourceSpans"][0]["scopeSpans"][0]["spans"] == []
