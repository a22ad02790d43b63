"""Prints a one-time login link."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from chats.accounts.authentication import make_login_link
from chats.accounts.server_address import read_address
from chats.management.people import find_user


class Command(BaseCommand):
    """Makes a login link for a user."""

    help = "Print a fresh one-time login link. Links printed earlier and not used stop working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", default="admin")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        self.stdout.write(make_login_link(find_user(username), read_address()))
