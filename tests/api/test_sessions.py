import json
import uuid

from rest_framework.test import APIClient

from chats.models import Chat, LogSlice, Project, Session, SessionLog


def logged(session: Session) -> list[dict]:
    frames = LogSlice.objects.filter(session=session).order_by("first_ord").values_list("frames", flat=True)
    return [json.loads(line) for part in frames for line in part.split("\n")]


def test_it_gives_a_new_session_a_chat_and_a_log(as_alice: APIClient, project: Project) -> None:
    answer = as_alice.post("/api/sessions", {"project": str(project.id), "name": "fix", "model": "scripted:demo"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["project"], made["name"], made["model"]) == (str(project.id), "fix", "scripted:demo")
    assert [chat["model"] for chat in made["chats"]] == ["scripted:demo"]
    assert SessionLog.objects.get(pk=made["id"]).ord == 0
    assert as_alice.get("/api/sessions").json() == [made]
    assert as_alice.get(f"/api/sessions/{made['id']}").json() == made


def test_it_needs_no_name_and_no_model(as_alice: APIClient, project: Project) -> None:
    answer = as_alice.post("/api/sessions", {"project": str(project.id)})
    assert (answer.status_code, answer.json()["model"]) == (201, "")


def test_it_refuses_a_model_that_nobody_provides(as_alice: APIClient, project: Project) -> None:
    for model in ("gpt", "nobody:gpt-5", "openai:", ":gpt-5"):
        answer = as_alice.post("/api/sessions", {"project": str(project.id), "model": model})
        assert answer.status_code == 400, model
        assert "provider:model" in answer.json()["model"][0]
    assert not Session.objects.exists()


def test_it_says_which_key_a_model_lacks(as_alice: APIClient, project: Project) -> None:
    answer = as_alice.post("/api/sessions", {"project": str(project.id), "model": "groq:some-model"})
    assert answer.status_code == 400
    assert "GROQ_API_KEY" in answer.json()["model"][0] or "not installed" in answer.json()["model"][0]


def test_it_wants_a_project_of_ones_own(as_alice: APIClient, as_charlie: APIClient, project: Project) -> None:
    for client, given in [(as_charlie, project.id), (as_alice, uuid.uuid4())]:
        assert client.post("/api/sessions", {"project": str(given)}).status_code == 404
    assert "project" in as_alice.post("/api/sessions", {}).json()
    assert "project" in as_alice.post("/api/sessions", {"project": "shop"}).json()


def test_it_renames_a_session_and_leaves_it_with_its_project(as_alice: APIClient, session: Session) -> None:
    answer = as_alice.patch(f"/api/sessions/{session.id}", {"name": "colours", "project": str(uuid.uuid4())})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["project"]) == ("colours", str(session.project_id))


def test_it_forgets_a_session(as_alice: APIClient, session: Session) -> None:
    assert as_alice.delete(f"/api/sessions/{session.id}").status_code == 204
    assert as_alice.get(f"/api/sessions/{session.id}").status_code == 404


def test_it_adds_a_chat_and_tells_open_pages(as_alice: APIClient, session: Session) -> None:
    answer = as_alice.post(f"/api/sessions/{session.id}/chats", {"name": "second"})
    assert answer.status_code == 201
    assert (answer.json()["session_id"], answer.json()["model"]) == (str(session.id), "scripted:demo")
    assert [frame["type"] for frame in logged(session)] == ["chat_created"]


def test_it_renames_a_chat_and_tells_open_pages(as_alice: APIClient, session: Session, chat: Chat) -> None:
    answer = as_alice.patch(f"/api/chats/{chat.id}", {"name": "colours"})
    assert (answer.status_code, answer.json()["name"]) == (200, "colours")
    [frame] = logged(session)
    assert (frame["type"], frame["chat_id"], frame["name"]) == ("chat_renamed", str(chat.id), "colours")


def test_it_changes_a_chats_model_without_touching_its_status(as_alice: APIClient, chat: Chat) -> None:
    Chat.objects.filter(pk=chat.pk).update(status="running")
    answer = as_alice.patch(f"/api/chats/{chat.id}", {"model": "scripted:demo", "status": "idle"})
    assert answer.status_code == 200
    chat.refresh_from_db()
    assert chat.status == "running"
    assert as_alice.patch(f"/api/chats/{chat.id}", {"model": "nobody:x"}).status_code == 400
