import pytest
from rest_framework.test import APIClient

from chats.models import Chat, Message, Session, Turn


def test_it_queues_a_turn_and_keeps_the_words_exactly(as_alice: APIClient, session: Session, chat: Chat) -> None:
    content = "  fix\n\n\tthe <b>colours</b> 😀 \n"
    answer = as_alice.post(f"/api/chats/{chat.id}/messages", {"content": content})
    assert answer.status_code == 202
    message, turn = answer.json()["message"], answer.json()["turn"]
    assert (message["role"], message["content"], message["chat_id"]) == ("user", content, str(chat.id))
    assert (turn["status"], turn["chat_id"], turn["model"]) == ("queued", str(chat.id), "scripted:demo")
    assert as_alice.get(f"/api/sessions/{session.id}/messages").json() == [message]


def test_it_takes_a_repeated_request_for_the_same_turn(as_alice: APIClient, chat: Chat) -> None:
    body = {"content": "fix it", "request_id": "r-1"}
    first, second = (as_alice.post(f"/api/chats/{chat.id}/messages", body) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json()["turn"]["id"] == second.json()["turn"]["id"]
    assert first.json()["message"] == second.json()["message"]
    assert Message.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": " \n\t"}, {"content": None}, {"content": ["x"]}])
def test_it_refuses_a_message_of_nothing(as_alice: APIClient, chat: Chat, body: dict[str, object]) -> None:
    answer = as_alice.post(f"/api/chats/{chat.id}/messages", body)
    assert answer.status_code == 400
    assert "message" in answer.json()["content"][0]
    assert not Turn.objects.exists()


def test_it_says_what_to_do_with_a_megabyte(as_alice: APIClient, chat: Chat) -> None:
    answer = as_alice.post(f"/api/chats/{chat.id}/messages", {"content": "ü" * 524_288})
    assert answer.status_code == 400
    [sentence] = answer.json()["content"]
    assert "1,024 KB long; 256 KB are allowed" in sentence
    assert "file of the project" in sentence
    assert as_alice.post(f"/api/chats/{chat.id}/messages", {"content": "x" * 256 * 1024}).status_code == 202


def test_it_replaces_what_no_database_keeps(as_alice: APIClient, chat: Chat) -> None:
    body = r'{"content": "a\u0000b\ud83d"}'
    answer = as_alice.post(f"/api/chats/{chat.id}/messages", body, content_type="application/json")
    assert (answer.status_code, answer.json()["message"]["content"]) == (202, "a\ufffdb\ufffd")


def test_a_request_id_stands_for_one_message(as_alice: APIClient, chat: Chat) -> None:
    url = f"/api/chats/{chat.id}/messages"
    first = as_alice.post(url, {"content": "fix it", "request_id": "r-1"}).json()
    other = as_alice.post(url, {"content": "break it", "request_id": "r-1"})
    assert other.status_code == 409
    assert "another message" in other.json()["detail"]
    assert as_alice.post(url, {"content": "fix it", "request_id": "r-1"}).json() == first
    # An empty one, which generated clients send, is none.
    ids = {as_alice.post(url, {"content": "go", "request_id": ""}).json()["turn"]["id"] for _ in range(2)}
    assert len(ids) == 2


def test_it_refuses_a_request_id_that_is_too_long(as_alice: APIClient, chat: Chat) -> None:
    body = {"content": "fix it", "request_id": "r" * 101}
    assert "request_id" in as_alice.post(f"/api/chats/{chat.id}/messages", body).json()


def test_it_gives_a_window_of_the_messages(as_alice: APIClient, session: Session, chat: Chat) -> None:
    made = [str(Message.objects.create(session=session, chat=chat, role="user", content=str(n)).id) for n in range(5)]
    url = f"/api/sessions/{session.id}/messages"

    def ids(query: str) -> list[str]:
        return [message["id"] for message in as_alice.get(f"{url}?{query}").json()]

    assert ids("") == made
    assert ids("limit=2") == made[3:]
    assert ids(f"limit=2&before={made[3]}") == made[1:3]
    other = as_alice.post(f"/api/sessions/{session.id}/chats", {}).json()["id"]
    assert ids(f"chat={other}") == []
    assert ids(f"chat={chat.id}") == made


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=1000000000", "before=x", "chat=7"])
def test_it_refuses_a_window_that_is_none(as_alice: APIClient, session: Session, query: str) -> None:
    answer = as_alice.get(f"/api/sessions/{session.id}/messages?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()


def test_it_knows_no_chat_of_another_session(as_alice: APIClient, session: Session) -> None:
    url = f"/api/sessions/{session.id}/messages?chat=01890000-0000-7000-8000-000000000000"
    assert as_alice.get(url).status_code == 404


def test_it_cancels_what_is_queued(as_alice: APIClient, chat: Chat) -> None:
    turn = as_alice.post(f"/api/chats/{chat.id}/messages", {"content": "fix it"}).json()["turn"]
    assert as_alice.post(f"/api/chats/{chat.id}/cancellation").status_code == 202
    assert Turn.objects.get(pk=turn["id"]).status == "cancelled"
    assert as_alice.post(f"/api/chats/{chat.id}/cancellation").status_code == 202
