"""Tests reach nothing but this machine: a real provider can neither be asked nor paid by accident."""

import ipaddress
import os
import socket
import sys
from typing import Any
from urllib.parse import urlsplit


def forbid_network() -> None:
    """From now on, a connection of this process to another machine raises RuntimeError. It cannot be undone."""
    allowed = _addresses_of_backends()

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect":
            return
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]) and address[0] not in allowed:
            raise RuntimeError(f"A test tried to reach {address[0]}:{address[1]}.")

    sys.addaudithook(audit)


def _addresses_of_backends() -> set[str]:
    """Of the PostgreSQL and the Redis that the caller named, wherever they run."""
    hosts = {urlsplit(os.environ.get(name, "")).hostname for name in ("DATABASE_URL", "REDIS_URL")}
    return {str(info[4][0]) for host in hosts if host for info in socket.getaddrinfo(host, None)}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
