"""What the schema shows as an example, and what it gives as defaults, the server takes; and it says what it answers."""

from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from chats.models import Chat, Message, Turn
from snapshots.models import Checkpoint
from traces.models import ToolTrace

JSON = "application/json"
pytestmark = pytest.mark.django_db


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def calls() -> list[tuple[str, str]]:
    return [(method, path) for path, methods in schema()["paths"].items() for method in methods]


WITH_BODY = [call for call in calls() if "requestBody" in schema()["paths"][call[1]][call[0]]]


def follow(shape: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    return found


@pytest.fixture
def ids(chat: Chat) -> dict[str, UUID]:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner)
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    trace = ToolTrace.objects.create(
        chat=chat, message=message, turn=turn, step=1, tool="read_file", input={}, started_at=timezone.now()
    )
    checkpoint = Checkpoint.objects.create(workspace=chat.workspace, chat=chat, kind=Checkpoint.Kind.TURN)
    named = {"chat": chat.id, "session": chat.session_id, "project": chat.session.project_id}
    return named | {"trace": trace.id, "checkpoint": checkpoint.id}


@pytest.mark.parametrize("with_defaults", [False, True], ids=["alone", "with the defaults"])
@pytest.mark.parametrize(("method", "path"), WITH_BODY, ids=" ".join)
def test_the_server_takes_the_example(
    as_alice: APIClient, ids: dict[str, UUID], folder: Path, method: str, path: str, with_defaults: bool
) -> None:
    operation = schema()["paths"][path][method]
    content = operation["requestBody"]["content"][JSON]
    (example,) = content["examples"].values()
    body = dict(example["value"])
    if with_defaults:
        fields = follow(content["schema"])["properties"].items()
        body = {name: shape["default"] for name, shape in fields if "default" in shape} | body
    body |= {name: str(ids[name]) for name in ("project", "checkpoint") if name in body}
    if "root" in body:
        body["root"] = str(folder)
    kind = path.split("/")[2].removesuffix("s")
    address = path
    for name in ("id", "chat_id", "session_id", "project_id", "trace_id"):
        address = address.replace(f"{{{name}}}", str(ids.get(name.removesuffix("_id"), ids.get(kind))))
    answer = getattr(as_alice, method)(address, body)
    assert answer.status_code in (200, 201, 202, 204, 409), answer.content


@pytest.mark.parametrize(("method", "path"), calls(), ids=" ".join)
def test_it_says_what_it_answers_and_which_errors_there_are(method: str, path: str) -> None:
    answers = schema()["paths"][path][method]["responses"]
    assert {"400", "401", "500", "503"} <= set(answers)
    assert ("404" in answers) or "{" not in path
    assert ("403" in answers) == (method != "get")
    for status, answer in answers.items():
        for kind, content in answer.get("content", {}).items():
            shape = content["schema"]
            if kind == JSON:
                shape = shape.get("items", shape)
                assert "$ref" in shape or follow_any(shape), f"{status} of {method} {path} has no shape: {shape}"


def follow_any(shape: dict[str, Any]) -> bool:
    """Tell whether it is one of several shapes that have names."""
    return bool(shape.get("oneOf")) and all("$ref" in one for one in shape["oneOf"])


@pytest.mark.parametrize("name", [name for name in schema()["components"]["schemas"] if name.endswith("Request")])
def test_no_body_asks_for_what_the_server_makes(name: str) -> None:
    fields = schema()["components"]["schemas"][name]["properties"]
    assert not {"id", "created_at", "updated_at", "chats", "status", "session_count"} & set(fields)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Message", "role"),
        ("Message", "kind"),
        ("Message", "status"),
        ("Checkpoint", "kind"),
        ("Chat", "status"),
        ("Turn", "status"),
        ("Trace", "status"),
        ("Rule", "verdict"),
        ("Removed", "kind"),
        ("FileChange", "status"),
    ],
)
def test_a_closed_set_of_words_is_an_enum(name: str, field: str) -> None:
    shape = schema()["components"]["schemas"][name]["properties"][field]
    assert "enum" in follow(shape.get("allOf", [shape])[0])
