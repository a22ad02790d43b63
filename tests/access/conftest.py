from tests.api.conftest import as_alice, as_charlie, chat, folder, project, session, unhashed_static

__all__ = ["as_alice", "as_charlie", "chat", "folder", "project", "session", "unhashed_static"]
