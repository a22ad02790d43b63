import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boocode.settings")
http = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402

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


application = started(ProtocolTypeRouter({"http": http, "websocket": OriginGuard(CookieMiddleware(websocket))}))


async def shutdown() -> None:
    """Before the process ends: clients are told, turns stop where they are, what was said is committed."""
    await sockets.close_all()
    await stop()
