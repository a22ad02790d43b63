"""Lists API tokens."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand

from chats.management.people import find_user
from chats.models import ApiToken


class Command(BaseCommand):
    """Lists the tokens that let somebody in."""

    help = "List the API tokens that are valid: id, user, scope, last use, expiry, name. Times are UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="only this user's")

    def handle(self, *args: Any, username: str | None, **options: Any) -> None:
        tokens = ApiToken.find_valid().order_by("id")
        if username:
            tokens = tokens.filter(user_id=find_user(username).pk)
        for token in tokens:
            used = f"used {_format_time(token.last_used_at)}"
            ends = f"expires {_format_time(token.expires_at)}"
            self.stdout.write(f"{token.pk}  {token.user}  {token.scope:5}  {used}  {ends}  {token.name}".rstrip())


def _format_time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"
