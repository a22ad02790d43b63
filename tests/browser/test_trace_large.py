"""Ten thousand calls in one turn: there in a second, light, and only what is in view is in the page."""

import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.server import Server

CALLS = 10_000
MEGABYTE = 1_000_000
FILL = """
from datetime import timedelta
from django.utils import timezone
from chats.models import Chat, Message, Turn
from traces.models import ModelStep, ToolTrace, TurnSummary
chat = Chat.objects.get(pk={chat!r})
turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
began = timezone.now() - timedelta(hours=3)
at = lambda seconds: began + timedelta(seconds=seconds)
own = dict(chat=chat, turn=turn)
TurnSummary.objects.create(
    **own, title="The long one", status="complete", queued_at=began, started_at=began, finished_at=at({calls}),
    duration_ms={calls} * 1000.0, steps={calls} // 2, calls={calls}, failures=1
)
messages = Message.objects.bulk_create(
    Message(**own, session=chat.session, role="assistant", status="complete") for _ in range({calls} // 2)
)
ModelStep.objects.bulk_create(
    ModelStep(
        **own, message=message, number=n + 1, model="openai:gpt-5", status="ok", started_at=at(2 * n),
        duration_ms=900.0, calls=2, prompt_tokens=9000, completion_tokens=90, era=0, position=n
    ) for n, message in enumerate(messages)
)
ToolTrace.objects.bulk_create(
    ToolTrace(
        **own, message=messages[n // 2], step=n // 2 + 1, tool_call_id=f"call_{{n:024}}", tool="run_command",
        status="error" if n == {calls} - 1 else "ok", started_at=at(n + 0.9), finished_at=at(n + 1), duration_ms=100.0,
        input={{"command": ["npm", "test", f"spec-{{n}}"]}}, output="x" * 2000, output_bytes=2000, model="openai:gpt-5"
    ) for n in range({calls})
)
"""


def test_it_shows_ten_thousand_calls(page: Page, server: Server, tmp_path: Path) -> None:
    _, chat_id = server.open_session(tmp_path, "scripted:demo")
    server.manage("shell", "-c", FILL.format(chat=chat_id, calls=CALLS))
    page.goto("/")  # the browser is awake

    page.goto(f"/chats/{chat_id}/traces", wait_until="commit")
    expect(page.locator(".of-call").first).to_be_visible()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert paint <= 1000
    height = "document.querySelector('.trace-lines').offsetHeight / 30"
    deadline = time.monotonic() + 30
    while page.evaluate(height) < CALLS * 1.5 and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert page.evaluate(height) >= CALLS * 1.5
    sent = page.evaluate("performance.getEntriesByType('resource').reduce((sum, one) => sum + one.encodedBodySize, 0)")
    assert sent <= 5 * MEGABYTE

    assert page.locator(".trace-line").count() < 120
    page.get_by_role("treegrid").focus()
    page.keyboard.press("e")
    expect(page.locator(".trace-line.current")).to_contain_text(f"spec-{CALLS - 1}")
    assert page.locator(".trace-line").count() < 120
