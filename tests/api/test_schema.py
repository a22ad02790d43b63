import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.usefixtures("unhashed_static")


def test_it_describes_every_call_without_a_warning() -> None:
    out, err = StringIO(), StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out, stderr=err)
    paths = json.loads(out.getvalue())["paths"]
    for call in (
        "get /api/projects",
        "post /api/projects",
        "patch /api/projects/{id}",
        "delete /api/sessions/{id}",
        "post /api/sessions/{session_id}/chats",
        "get /api/sessions/{session_id}/messages",
        "patch /api/chats/{chat_id}",
        "post /api/chats/{chat_id}/messages",
        "post /api/chats/{chat_id}/cancellation",
        "get /api/chats/{chat_id}/traces",
        "get /api/traces/{trace_id}",
        "get /api/traces/{trace_id}/output",
        "delete /api/chats/{chat_id}/snapshot",
        "get /api/models",
        "post /api/sample",
    ):
        method, path = call.split()
        assert method in paths[path], call


def test_it_gives_the_description_and_a_page(as_alice: APIClient) -> None:
    assert b"openapi: 3" in as_alice.get("/api/schema").content
    page = as_alice.get("/api/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert as_alice.get("/api/docs?script=")["Cross-Origin-Resource-Policy"] == "same-origin"


def test_it_sends_a_person_to_log_in_first(client: Client, db: None) -> None:
    answer = client.get("/api/docs")
    assert (answer.status_code, answer["Location"]) == (302, "/login?next=/api/docs")
    assert client.get("/api/schema").status_code == 401
