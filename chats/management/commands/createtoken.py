"""Makes an API token and prints it."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from chats.management.people import find_user
from chats.models import ApiToken

MOST_DAYS = 3650


class Command(BaseCommand):
    """Makes a token for a user."""

    help = "Make an API token and print it, and nothing else. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--read", action="store_true", help="a token that can't change anything")
        parser.add_argument("--days", type=_read_days, help="after how many days it expires; never if left out")
        parser.add_argument("--name", default="", help="what it is for, shown in the admin")

    def handle(self, *args: Any, username: str, read: bool, name: str, days: int | None, **options: Any) -> None:
        scope = ApiToken.Scope.READ if read else ApiToken.Scope.WRITE
        lifetime = timedelta(days=days) if days else None
        self.stdout.write(ApiToken.issue(find_user(username), name[:100], scope, lifetime))


def _read_days(text: str) -> int:
    days = int(text) if text.isdigit() else 0
    if not 1 <= days <= MOST_DAYS:
        raise ArgumentTypeError(f"a whole number from 1 to {MOST_DAYS}, not “{text}”")
    return days
