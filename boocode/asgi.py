import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boocode.settings")
django.setup(set_prefix=False)  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402

from boocode.http import Requests, ThreadedHandler  # noqa: E402
from boocode.origin import Asgi, OriginGuard  # noqa: E402
from boocode.routing import websocket  # noqa: E402
from chats.runner import start_once, stop  # noqa: E402
from chats.sockets import sockets  # noqa: E402


def started(inner: Asgi) -> Asgi:
    """Whatever server this runs under, the writer and the runner are there before the first request is answered."""

    async def application(scope, receive, send):  # type: ignore[no-untyped-def]
        await start_once()
        await inner(scope, receive, send)

    return application


requests = Requests(ThreadedHandler())
application = started(ProtocolTypeRouter({"http": requests, "websocket": OriginGuard(CookieMiddleware(websocket))}))


async def shutdown() -> None:
    """Before the process ends: clients are told and answered, turns stop where they are, what was said is committed."""
    await sockets.close_all()
    await requests.drain()
    await stop()
