"""A tool that writes is one object and one row of the registry: everything else works for it without another change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chats.history import file_versions
from chats.models import Chat, Message, Turn
from snapshots import write_intents
from snapshots.files.repository import Repository
from snapshots.models import Checkpoint
from tests.api.conftest import as_alice as as_alice
from tests.api.conftest import chat as chat
from tests.api.conftest import folder as folder
from tests.api.conftest import project as project
from tests.api.conftest import session as session
from tools import registry
from tools.base import Args, Tool, ToolContext, ToolResult
from tools.files.changes import EDITABLE_BYTES, Change, make_changes
from tools.files.threads import write_in_thread
from tools.files.workspace import Workspace
from tools.labels import Labels
from tools.permissions.decision import Allow, Call, Deny, decide
from tools.permissions.rules import Rule
from traces.models import ModelStep, ToolTrace, TurnSummary

ARGS = {"path": "notes.txt", "content": "second\nthird\n"}


class AppendFileArgs(Args):
    path: str
    content: str


def plan_changes(args: AppendFileArgs, workspace: Workspace) -> list[Change]:
    before = workspace.read_or_none(args.path, EDITABLE_BYTES)
    return [Change(args.path, before, (before or b"") + args.content.encode())]


async def append_file(args: AppendFileArgs, context: ToolContext) -> ToolResult:
    return await write_in_thread(lambda: make_changes(context.workspace, plan_changes(args, context.workspace)))


APPEND_FILE = Tool(
    name="append_file",
    description="Add text to the end of a file.",
    kind="write",
    Args=AppendFileArgs,
    run=append_file,
    plan_changes=plan_changes,
    labels=Labels(
        icon="pencil",
        doing="Adding to",
        done="Added to",
        failed="Could not add to",
        asking="add to",
        target=("path",),
        view="content",
    ),
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.TOOLS, "append_file", APPEND_FILE)
    registry._schemas.cache_clear()
    yield
    registry._schemas.cache_clear()


@pytest.fixture
def notes(folder: Path) -> Path:
    (folder / "notes.txt").write_text("first\n")
    return folder / "notes.txt"


@pytest.fixture
def trace(chat: Chat) -> ToolTrace:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    TurnSummary.objects.create(turn=turn, chat=chat, title="Note it", queued_at=timezone.now())
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    ModelStep.objects.create(message=message, chat=chat, turn=turn, number=1, status="ok", started_at=timezone.now())
    return ToolTrace.objects.create(
        chat=chat,
        message=message,
        turn=turn,
        tool_call_id="c1",
        tool="append_file",
        status="ok",
        input=ARGS,
        step=1,
        started_at=timezone.now(),
    )


def test_a_model_is_told_of_it() -> None:
    assert registry.schemas()[-1]["name"] == "append_file"


async def test_it_runs(folder: Path, notes: Path) -> None:
    workspace = Workspace(folder)
    result = await registry.call("append_file", ARGS, ToolContext(workspace))
    assert (result.output, result.changed_paths) == ("Edited notes.txt: +2 -0.", ("notes.txt",))
    assert workspace.read("notes.txt", 100) == b"first\nsecond\nthird\n"


def test_the_page_has_words_for_it(as_alice: APIClient) -> None:
    made = registry.labels()["append_file"]
    assert (made["done"], made["target"], made["view"]) == ("Added to", ["path"], "content")
    assert made["changes_files"] is True


def test_a_person_who_is_asked_sees_what_it_would_do(folder: Path, notes: Path) -> None:
    preview = APPEND_FILE.preview(ARGS, Workspace(folder))
    assert preview == "--- a/notes.txt\n+++ b/notes.txt\n@@ -1 +1,3 @@\n first\n+second\n+third\n"


def test_rules_hold_for_its_paths(as_alice: APIClient, chat: Chat) -> None:
    rule = {"tool": "append_file", "pattern": "notes.*", "verdict": "deny"}
    assert as_alice.post(f"/api/projects/{chat.session.project_id}/rules", rule).status_code == 201
    denied = decide("auto", [Rule("append_file", "notes.*", "deny")], Call(APPEND_FILE, ARGS))
    assert denied == Deny("A rule of this project denies this call of append_file.", "rule append_file: notes.*")
    assert isinstance(decide("auto", [], Call(APPEND_FILE, ARGS)), Allow)
    assert isinstance(decide("read_only", [], Call(APPEND_FILE, ARGS)), Deny)


def test_a_call_that_was_cut_off_is_compared_with_the_file(folder: Path, notes: Path, trace: ToolTrace) -> None:
    workspace = Workspace(folder)
    write_intents.record(trace.pk, write_intents.plan(APPEND_FILE, ARGS, workspace))

    def outcome() -> tuple[str, list[str]]:
        return write_intents.outcome(trace.pk, APPEND_FILE, ARGS, workspace)

    assert outcome() == ("to do", ["notes.txt"])
    make_changes(workspace, APPEND_FILE.changes(ARGS, workspace))
    assert outcome() == ("done", ["notes.txt"])
    notes.write_text("the person's own\n")
    assert outcome() == ("conflict", ["notes.txt"])


def test_its_lines_are_counted_in_the_table_of_calls(as_alice: APIClient, trace: ToolTrace) -> None:
    table = as_alice.get(f"/api/chats/{trace.chat_id}/outline?turn={trace.turn_id}&sort=oldest").json()["calls"]
    row: dict[str, Any] = dict(zip(table["columns"], table["rows"][0], strict=True))
    assert (row["added"], row["removed"], row["input"]) == (2, 0, {"path": "notes.txt"})


def test_the_history_of_a_file_names_the_call(folder: Path, notes: Path, trace: ToolTrace, chat: Chat) -> None:
    repository, workspace = Repository(chat.session.project_id, str(folder)), Workspace(folder)
    before = repository.capture_tree().tree
    write_intents.record(trace.pk, write_intents.plan(APPEND_FILE, ARGS, workspace))
    make_changes(workspace, APPEND_FILE.changes(ARGS, workspace))
    Checkpoint.objects.create(
        workspace=chat.workspace,
        chat=chat,
        turn_id=trace.turn_id,
        before=before,
        tree=repository.capture_tree().tree,
        ended_at=timezone.now(),
    )
    made, _found = file_versions.read_versions(chat, "notes.txt")
    assert (made["by"], made["tool"], made["trace"]) == ("agent", "append_file", str(trace.pk))
