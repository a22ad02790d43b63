"""Real turns with a real server, as in tests/turns; clients and rows of alice's, as in tests/api."""

from tests.api.conftest import as_alice, as_charlie, chat, folder, project, session, unhashed_static
from tests.turns.conftest import talk

__all__ = ["as_alice", "as_charlie", "chat", "folder", "project", "session", "talk", "unhashed_static"]
