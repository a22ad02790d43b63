"""Revokes an API token."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from chats.models import ApiToken


class Command(BaseCommand):
    """Revokes a token by its id."""

    help = "Revoke an API token: it lets nobody in from now on. `listtokens` has the ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=UUID)

    def handle(self, *args: Any, id: UUID, **options: Any) -> None:
        if not ApiToken.revoke(ApiToken.objects.filter(pk=id)):
            raise CommandError(f"There is no token {id} that could be revoked. See: python manage.py listtokens")
        self.stdout.write("Revoked.")
