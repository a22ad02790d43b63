from typing import Any

from django.core.management.base import BaseCommand

from traces.models import ToolTrace
from traces.record import outputs


class Command(BaseCommand):
    help = "Remove the outputs of tool calls that were deleted with their chats from the data directory."

    def handle(self, *args: Any, **options: Any) -> None:
        count, size = outputs.sweep(lambda digest: ToolTrace.objects.filter(output_digest=digest).exists())
        self.stdout.write(f"{count} outputs removed, {size / 1e6:,.1f} MB.")
