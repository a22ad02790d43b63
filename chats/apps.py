from django.apps import AppConfig

from boocode.lean import load_rest_framework


class ChatsConfig(AppConfig):
    name = "chats"
    verbose_name = "Chats"

    def ready(self) -> None:
        load_rest_framework()
