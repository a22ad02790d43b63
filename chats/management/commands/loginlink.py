from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from boocode.authentication import new_login_link
from chats.management.people import find_user


class Command(BaseCommand):
    help = "Print a fresh one-time login link. Links printed earlier and not used stop working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", default="admin")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        self.stdout.write(new_login_link(find_user(username)))
