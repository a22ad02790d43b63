from django.apps import AppConfig

from boocode.server.lean_imports import import_rest_framework_lean
from tools.registry import read_changes
from traces.read.changed_lines import use_reader


class ChatsConfig(AppConfig):
    name = "chats"
    verbose_name = "Chats"

    def ready(self) -> None:
        import_rest_framework_lean()
        use_reader(read_changes)
