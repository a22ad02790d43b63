"""Makes an API token and prints it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from chats.management.people import find_user
from chats.models import ApiToken


class Command(BaseCommand):
    """Makes a token for a user."""

    help = "Make an API token and print it, and nothing else. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--read", action="store_true", help="a token that can't change anything")
        parser.add_argument("--name", default="", help="what it is for, shown in the admin")

    def handle(self, *args: Any, username: str, read: bool, name: str, **options: Any) -> None:
        scope = ApiToken.Scope.READ if read else ApiToken.Scope.WRITE
        self.stdout.write(ApiToken.issue(find_user(username), name[:100], scope))
