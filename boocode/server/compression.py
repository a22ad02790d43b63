"""Compresses large frames (RFC 7692): a snapshot is mostly field names and shrinks to a tenth.

Small frames are sent as they are: a delta would take longer and shrink little. Nothing is remembered between messages,
so the content of one frame says nothing about the size of another.
"""

from typing import Any

from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from daphne.ws_protocol import WebSocketFactory

from .protocol import SocketProtocol

WORTH_IT_BYTES = 4 * 1024
WINDOW_BITS, MEMORY_LEVEL = 12, 5
"""32 KB for a socket that got a snapshot, where zlib's defaults take 256; ours compress no worse with less."""
INBOUND_WINDOW_BITS = 10


class CompressingProtocol(SocketProtocol):
    """Sends frames of WORTH_IT_BYTES and more compressed."""

    def sendMessage(self, payload: bytes, isBinary: bool = False, *args: Any, **options: Any) -> None:  # noqa: N802, N803
        options.setdefault("doNotCompress", len(payload) < WORTH_IT_BYTES)
        super().sendMessage(payload, isBinary, *args, **options)


def choose_offer(offers: list[Any]) -> PerMessageDeflateOfferAccept | None:
    """Choose one of a client's offers; None where none can be met."""
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer) and offer.request_max_window_bits in (0, *range(WINDOW_BITS, 16)):
            return PerMessageDeflateOfferAccept(
                offer,
                request_no_context_takeover=offer.accept_no_context_takeover,
                request_max_window_bits=INBOUND_WINDOW_BITS if offer.accept_max_window_bits else 0,
                no_context_takeover=True,
                window_bits=WINDOW_BITS,
                mem_level=MEMORY_LEVEL,
            )
    return None


def compress_sockets(factory: WebSocketFactory) -> None:
    """Make the sockets that `factory` creates from now on compress."""
    factory.protocol = CompressingProtocol
    factory.setProtocolOptions(perMessageCompressionAccept=choose_offer)
