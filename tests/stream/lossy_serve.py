"""`manage.py serve` whose sockets hear of new entries as badly as a layer can tell them: lost, twice, late, unordered.
For tests; run as `python -m tests.stream.lossy_serve` with the environment of a server and

LOSSY_SEED  what goes wrong is chosen by it
LOSSY_DEAF  set: no doorbell comes through and the log is not polled either, so only heartbeats, made quick, are left
"""

import os
import random
import sys

import django
from django.core.management import execute_from_command_line

DEAF_ROUND_S = 2.0


def main() -> None:
    sys.argv[:] = ["manage.py", "serve"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boocode.settings")
    django.setup()
    from chats.stream import hub
    from chats.web import socket_watch

    if os.environ.get("LOSSY_DEAF"):
        hub.Subscription.push_lines = lambda *_: None  # type: ignore[method-assign]
        hub.POLL_S, socket_watch.ROUND_S = 3600.0, DEAF_ROUND_S
    else:
        hub.Subscription.push_lines = badly(hub.Subscription.push_lines, random.Random(os.environ["LOSSY_SEED"]))  # type: ignore[method-assign]
    execute_from_command_line(sys.argv)


def badly(push, chance):  # type: ignore[no-untyped-def]
    late = []

    def push_badly(subscription, *entries):  # type: ignore[no-untyped-def]
        fate = chance.random()
        if fate < 0.25:
            return
        if fate < 0.5:
            late.append((subscription, entries))
            return
        push(subscription, *entries)
        if fate < 0.65:
            push(subscription, *entries)
        if late and fate > 0.8:
            chance.shuffle(late)
            other, old = late.pop()
            push(other, *old)

    return push_badly


if __name__ == "__main__":
    main()
