"""Wireshark display filters: of frames, of endpoints, of connections."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pcapframe.measures import has_other_numbers

__all__ = ["captured_frames", "connection_filters", "endpoint_filter", "frame_filter"]


class _Captured(int):
    """A frame number that the capture has another one for, because frames before it hold several packets."""

    captured: int


def captured_frames(packets: pd.DataFrame, frames: Iterable[int]) -> list[int]:
    """Return frame numbers that `frame_filter` can turn into those of the capture.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS`` or ``schema.SEGMENTS``, with these frames; not modified.
    frames : iterable of int
        Numbers of the index.

    Returns
    -------
    list of int
        The same numbers. Where frames of a capture hold several packets (A-MSDU), they know the captured one.
    """
    listed = [int(frame) for frame in frames]
    if not has_other_numbers(packets):
        return listed
    places = packets.index.get_indexer(pd.Index(listed))
    numbers = np.where(places < 0, listed, packets["source_frame"].to_numpy()[places]).tolist()
    known = []
    for frame, number in zip(listed, numbers, strict=True):
        known.append(_Captured(frame))
        known[-1].captured = number
    return list(known)


def frame_filter(frames: Iterable[int]) -> str | None:
    """Return the Wireshark display filter that selects exactly these frames.

    Parameters
    ----------
    frames : iterable of int
        Ascending frame numbers, from `captured_frames` where the capture may have others.

    Returns
    -------
    str or None
        In the syntax of Wireshark 4.0 and later; None for no frames.

    Examples
    --------
    >>> frame_filter([1, 2, 5, 6, 7])
    'frame.number in {1, 2, 5..7}'
    """
    numbers = np.array([getattr(frame, "captured", frame) for frame in frames], np.int64)
    numbers = numbers[np.diff(numbers, prepend=-1) != 0]  # packets of one frame
    if not numbers.size:
        return None
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts, lasts = numbers[np.append(0, breaks + 1)].tolist(), numbers[np.append(breaks, -1)].tolist()
    parts = [
        f"{first}..{last}" if last > first + 1 else f"{first}, {last}" if last > first else str(first)
        for first, last in zip(firsts, lasts, strict=True)
    ]
    return f"frame.number in {{{', '.join(parts)}}}"


def endpoint_filter(address: str, port: int | None = None) -> str:
    """Return the Wireshark display filter for the TCP packets of an endpoint.

    Parameters
    ----------
    address : str
        IPv4 or IPv6.
    port : int, optional
        Any port by default.

    Returns
    -------
    str
        Can be joined to other filters by ``&&``.

    Examples
    --------
    >>> endpoint_filter("2001:db8::1", 443)
    'ipv6.addr == 2001:db8::1 && tcp.port == 443'
    """
    layer = "ipv6" if ":" in address else "ip"
    return f"{layer}.addr == {address} && {'tcp' if port is None else f'tcp.port == {port}'}"


def connection_filters(connections: pd.DataFrame) -> list[str]:
    """Return the Wireshark display filters of connections by their endpoints.

    Parameters
    ----------
    connections : DataFrame
        Columns ``client``, ``client_port``, ``server`` and ``server_port``; not modified.

    Returns
    -------
    list of str
        One per row; connections on the same endpoints have the same filter.

    Examples
    --------
    >>> ends = {"client": ["192.0.2.1"], "client_port": [40_000], "server": ["192.0.2.2"], "server_port": [80]}
    >>> connection_filters(pd.DataFrame(ends))
    ['ip.addr == 192.0.2.1 && tcp.port == 40000 && ip.addr == 192.0.2.2 && tcp.port == 80']
    """
    ends = (connections[name].tolist() for name in ("client", "client_port", "server", "server_port"))
    return [
        f"{endpoint_filter(client, client_port)} && {endpoint_filter(server, server_port)}"
        for client, client_port, server, server_port in zip(*ends, strict=True)
    ]
