"""The HTTP client below every SDK. Imports httpx2: load it late."""

from functools import lru_cache
from ssl import SSLContext

import httpx2

from .config import LOOPBACK, ProviderConfig, host_of

NO_KEY = "none"
"""Local servers ask for no key, but the SDKs insist on sending one."""


@lru_cache(maxsize=1)
def ssl_context() -> SSLContext:
    # Reading the certificates takes 20 ms, and a model is opened for every turn.
    return httpx2.create_ssl_context()


def patience(config: ProviderConfig) -> httpx2.Timeout:
    """The read limit is the silence that a provider is allowed."""
    return httpx2.Timeout(config.stall_timeout_s, connect=min(10.0, config.stall_timeout_s))


def http_client(base_url: str) -> httpx2.AsyncClient:
    """A proxy that the environment names is for the network, not for a server on this machine."""
    local = host_of(base_url) in LOOPBACK
    return httpx2.AsyncClient(verify=ssl_context(), follow_redirects=True, trust_env=not local)
