"""Frames and views of conversations that a test makes up."""

from collections.abc import Iterable

import pandas as pd

from pcapframe import build_connections, label_segments, read_pcap
from pcapframe.patterns import Traffic, columns_read
from tests.builders import Conversation, Frame, merge, pcap

__all__ = ["frames", "healthy", "view"]


def frames(*conversations: Iterable[Frame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Segments and connections of a capture of these conversations."""
    segments = label_segments(read_pcap(pcap(merge(*conversations)), progress=False))
    return segments, build_connections(segments)


def view(*conversations: Iterable[Frame]) -> Traffic:
    """What a pattern sees of a capture of these conversations."""
    return Traffic(*frames(*conversations), reads=columns_read())


def healthy(count: int, *, port: int = 40000, start: float = 0.0, **options: object) -> list[Conversation]:
    """Connections with handshake, request, answer and FINs of both sides; ten packets each, one a second."""
    return [
        Conversation(client_port=port + i, start=start + i, **options)  # type: ignore[arg-type]
        .handshake()
        .data("client", 100)
        .ack("server")
        .data("server", 1000)
        .ack()
        .close()
        for i in range(count)
    ]
