"""Puts the ASGI application together: HTTP requests to Django, sockets to the consumers."""

import asyncio
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boocode.settings")
django.setup(set_prefix=False)  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402

from boocode.routing import websocket  # noqa: E402
from boocode.server.lifespan import start_before_answering  # noqa: E402
from boocode.server.origin import OriginGuard  # noqa: E402
from boocode.server.requests import OpenRequests, ThreadedHandler  # noqa: E402
from chats.web.long_poll import LongPolls  # noqa: E402

stopping = asyncio.Event()
requests = OpenRequests(LongPolls(ThreadedHandler(), stopping), stopping)
application = start_before_answering(
    ProtocolTypeRouter({"http": requests, "websocket": OriginGuard(CookieMiddleware(websocket))})
)
