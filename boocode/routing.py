"""Maps the addresses of the sockets to their consumers."""

from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from chats.web.consumers import SessionConsumer, UserConsumer

websocket = URLRouter(
    [
        path("api/ws/sessions/<str:session_id>", SessionConsumer.as_asgi()),
        path("api/ws/user", UserConsumer.as_asgi()),
        re_path("", WebsocketDenier.as_asgi()),
    ]
)
