"""`manage.py serve` starts, answers and ends as a supervisor and a person at a terminal expect."""

import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.server import Server


def test_it_answers_its_health_check_and_prints_a_login_link(server: Server) -> None:
    assert httpx2.get(f"{server.url}/healthz").status_code == 200
    assert server.login_link.startswith(server.url)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_on_a_signal(server: Server, ending: signal.Signals) -> None:
    assert server.stop(ending) == 0
    assert "Traceback" not in server.output


def test_it_answers_what_it_was_asked_before_it_ends(serve: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor() as pool:
        server = serve(OPENAI_API_KEY="none", OPENAI_BASE_URL=f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        # Each asks the silent server for its models, and waits as long as it does.
        asked = [pool.submit(server.api, "GET", "/api/models") for _ in range(4)]
        silent.accept()
        assert server.stop() == 0
        assert all(answer.result()["choices"] for answer in asked)


def test_it_starts_again_on_the_same_data_after_a_crash(server: Server) -> None:
    first_link = server.login_link
    server.kill()
    server.start()
    assert server.login_link != first_link
    server.api("GET", "/api/projects")


def test_it_serves_beside_another_instance(server: Server, serve: Callable[..., Server]) -> None:
    assert serve().url != server.url
    assert server.is_healthy()


def test_it_prints_an_api_token_and_nothing_else(server: Server) -> None:
    printed = server.manage("createtoken", "admin")
    assert len(printed.splitlines()) == 1
    server.token = printed.strip()
    server.api("GET", "/api/projects")
