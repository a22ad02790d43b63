"""A TCP relay on loopback that can be cut, frozen and made to lose an answer: the network between two processes."""

import contextlib
import socket
import threading
from collections.abc import Callable

CHUNK = 64 * 1024


class Relay:
    """Use in a `with`; `port` leads to the target. `cut` ends all connections and refuses new ones until `restore`;
    `freeze` keeps them and lets nothing through until `thaw`."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.on_upstream: Callable[[bytes], bool] = lambda _data: True
        """Sees what goes to the target; answers False to have the connection cut once that has arrived."""
        self._through = threading.Event()
        self._through.set()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0

    def __enter__(self) -> "Relay":
        self.restore()
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self.cut()

    def restore(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(200)
        self.port, self._listener = listener.getsockname()[1], listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in list(self._open):
            _end(connection)

    def freeze(self) -> None:
        self._through.clear()

    def thaw(self) -> None:
        self._through.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                upstream = socket.create_connection(self.target)
            except OSError:
                return
            self._open |= {client, upstream}
            for source, sink, look in ((client, upstream, True), (upstream, client, False)):
                threading.Thread(target=self._carry, args=(source, sink, look), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_upstream: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._through.wait()
                if is_upstream and not self.on_upstream(data):
                    with contextlib.suppress(OSError):
                        source.shutdown(socket.SHUT_RD)
                    sink.sendall(data)
                    self._swallow(source, sink)
                    break
                sink.sendall(data)
        for end in (source, sink):
            _end(end)
            self._open.discard(end)

    def _swallow(self, client: socket.socket, upstream: socket.socket) -> None:
        """The target has it and acts on it; nobody hears the answer."""
        client.shutdown(socket.SHUT_RDWR)
        threading.Event().wait(0.2)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
