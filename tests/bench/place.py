"""Where the benches happen: a directory that is removed, and servers whose database is ready."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.model import MODEL, ModelProcess, environment_for
from tests.environment import CLOSED_PORT, clean_environment
from tests.server import Server, ServerFactory


class Place:
    def __init__(self, home: Path, factory: ServerFactory) -> None:
        self.home = home
        self.factory = factory
        self.folder = home / "project"
        (self.folder / "notes").mkdir(parents=True)
        for number in range(200):
            (self.folder / "notes" / f"{number}.txt").write_text(f"Note {number}: nothing much.\n" * 4)

    @contextmanager
    def serving(self, model: ModelProcess | None = None, **environment: str) -> Iterator[Server]:
        """A running server that asks `model`."""
        server = self.factory.make(environment_for(model.url if model else CLOSED_PORT) | environment)
        try:
            yield server.start()
        finally:
            self.factory.discard(server)

    def session(self, server: Server) -> tuple[str, str]:
        """A new session on the folder: its id and its chat's."""
        return server.open_session(self.folder, MODEL)


@contextmanager
def prepared() -> Iterator[Place]:
    """Sets this process's environment: nothing of the machine's own gets in but DATABASE_URL and REDIS_URL."""
    home = Path(tempfile.mkdtemp(prefix="boocode-bench-"))
    clean = clean_environment(os.environ, home / "data", home)
    os.environ.clear()
    os.environ.update(clean)
    try:
        with ServerFactory(home / "servers") as factory:
            yield Place(home, factory)
    finally:
        shutil.rmtree(home, ignore_errors=True)
