"""One short display filter that selects the packets of an event, and how many it selects.

Wireshark's ``tcp.stream`` is used where its numbers are ours, else endpoints. A filter is only used if it selects the
same packets here: the streams, endpoints and flags in it are applied to the whole capture and compared.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask
from pcapframe.display_filters import captured_frames, connection_filters, endpoint_filter, frame_filter
from pcapframe.facts import CaptureInfo
from pcapframe.measures import each_way, has_other_numbers, values, without_attrs
from pcapframe.memory import new_column, stretches
from pcapframe.patterns import Endpoints
from pcapframe.rows import frames_at, rows_at
from pcapframe.schema import ACK, RST, SYN
from pcapframe.wording import agreeing, counted

__all__ = ["PACKETS", "Filters", "Selected"]

CARRIES = "tcp.len > 0"
NO_QUOTES = "!icmp && !icmpv6"
CHEAP = 2  # filters of connections that cost little to try
FEW = 6  # packets that are always named by their numbers
WIDTH = 74  # longest filter [characters]
PORT = 0xFFFF  # of an endpoint; above it is the number of its address
TRIED = 10_000  # most connections in a list of streams that is written to see whether it fits

# Which packets of their connections: a display filter, and the bits of the flags or the column that tell the same.
PACKETS: dict[str, tuple[str, int, int, str]] = {
    "": ("", 0, 0, ""),
    "syn": ("tcp.flags.syn == 1 && tcp.flags.ack == 0", SYN | ACK, SYN, ""),
    "any syn": ("tcp.flags.syn == 1", SYN, SYN, ""),
    "rst": ("tcp.flags.reset == 1", RST, RST, ""),
    "zero window": ("tcp.analysis.zero_window", 0, 0, "zero_window"),
    "resent": (f"tcp.analysis.retransmission && {CARRIES}", 0, 0, "retransmission"),
}


class Selected(NamedTuple):
    """A display filter and what it selects."""

    display_filter: str | None
    selects: str


class Filters:
    """Display filters of one capture.

    Parameters
    ----------
    capture : CaptureInfo
        Its facts: whether Wireshark's streams have our numbers.
    events, connections : DataFrame
        The segments that anything can be said of, and connections, of the whole capture, whatever the filter; not
        modified.
    has_quotes : bool
        Whether ICMP errors quote TCP: Wireshark shows the quoted addresses, ports and stream as theirs.
    is_tunnelled : bool
        Whether some packets have addresses around those of their connection.
    """

    def __init__(
        self,
        capture: CaptureInfo,
        events: pd.DataFrame,
        connections: pd.DataFrame,
        *,
        has_quotes: bool = False,
        is_tunnelled: bool = False,
    ) -> None:
        self._capture, self._has_quotes, self._is_tunnelled = capture, has_quotes, is_tunnelled
        self._segments, self._connections = without_attrs(events), without_attrs(connections)
        self._selected: dict[str, Mask] = {}
        self._counted: dict[str, Array] = {}

    def select(self, conn_ids: Array, frames: Array, flags: str, total: int) -> Selected:
        """Find a filter for an event.

        Parameters
        ----------
        conn_ids : ndarray of int
            Its connections.
        frames : ndarray of int
            The packets that show it, ascending; the first ones where there are more.
        flags : str
            Which packets of the connections these are, a name of `PACKETS`.
        total : int
            How many packets show it.

        Returns
        -------
        Selected
            For exactly these packets where a short one does so; else for all packets of the connections, or for the
            first of the frames. `selects` says which.
        """
        packets = counted(total, "packet")
        whole = self._first(frames)
        if frames.size == total == len(whole) <= FEW:
            return Selected(frame_filter(whole), packets)
        tried: list[tuple[str, Mask]] = []
        exact = [frame_filter(whole) or ""] if frames.size == total == len(whole) else []
        for text, ids in self._sets(conn_ids):
            tried.append((text, ids))
            if frames.size == total:
                exact += self._exact(text, ids, frames, flags)
            if exact and len(tried) >= CHEAP:
                break
        if exact:
            return Selected(min(exact, key=len), packets)
        for text, ids in tried:
            if text not in ("", NO_QUOTES) and len(text) <= WIDTH and ids.sum() == conn_ids.size:
                number = int(self._counts("")[ids].sum())
                these = agreeing(conn_ids.size, "its connection", f"these {conn_ids.size:,} connections")
                return Selected(text, f"all {counted(number, 'packet')} of {these}")
        if not whole:
            return Selected(None, "")
        return Selected(frame_filter(whole), f"the first {len(whole):,} of {packets}")

    def _exact(self, text: str, ids: Mask, frames: Array, flags: str) -> Iterator[str]:
        """Write the filters of some connections that select exactly these frames: as many, and each of them."""
        rows = rows_at(self._segments, frames).clip(max=len(self._segments) - 1)
        if not np.array_equal(frames_at(self._segments, rows), frames):
            return
        if not ids[self._segments["conn_id"].to_numpy()[rows]].all():
            return
        for name in dict.fromkeys(("", flags)):
            words = PACKETS[name][0]
            written = " && ".join(part for part in (words, text) if part)
            if len(written) > WIDTH or (text in ("", NO_QUOTES) and not words):
                continue
            if self._counts(name)[ids].sum() == frames.size and self._is_one(name)[rows].all():
                yield written

    def _is_one(self, name: str) -> Mask:
        """Tell which segments a filter of `PACKETS` selects."""
        if name not in self._selected:
            words, mask, value, column = PACKETS[name]
            found = new_column(len(self._segments), np.bool_)
            flags = self._segments["tcp_flags"].to_numpy()
            payload = values(self._segments["payload_bytes"], np.uint32)
            for rows in stretches(found.size):
                found[rows] = (flags[rows] & mask) == value
                if column:
                    found[rows] &= self._segments[column].to_numpy()[rows]
                if CARRIES in words:
                    found[rows] &= payload[rows] > 0
            self._selected[name] = found
        return self._selected[name]

    def _counts(self, name: str) -> Array:
        """Count the segments that a filter of `PACKETS` selects, by connection."""
        if name not in self._counted:
            if name:  # of these, all are events
                conn_id = self._segments["conn_id"].to_numpy()[self._is_one(name)]
                self._counted[name] = np.bincount(conn_id, minlength=len(self._connections))
            else:
                self._counted[name] = each_way(self._connections, "packets")
        return self._counted[name]

    def _sets(self, conn_ids: Array) -> Iterator[tuple[str, Mask]]:
        """Write filters of connections, each with the connections that it selects."""
        if has_other_numbers(self._segments):
            return
        only = f" && {NO_QUOTES}" if self._has_quotes else ""
        if not self._capture.foreign_streams and conn_ids.size <= TRIED:
            text = (frame_filter(np.sort(conn_ids).tolist()) or "").replace("frame.number", "tcp.stream")
            text = text.replace("in {", "== ").rstrip("}") if conn_ids.size == 1 else text
            ids = np.zeros(len(self._connections), np.bool_)
            ids[conn_ids] = True
            yield text + only, ids
        if self._is_tunnelled:
            return
        yield only.removeprefix(" && "), np.ones(len(self._connections), np.bool_)
        place = int(conn_ids[0])
        client, server = int(self._ends.client[place]), int(self._ends.server[place])
        port, address = server & PORT, self._ends.server_host_text(place)
        of_server = self._of_address(server)
        yield endpoint_filter(address, port) + only, of_server & self._of_port(port)
        yield endpoint_filter(address) + only, of_server
        of_client = self._of_address(client)
        yield endpoint_filter(self._ends.client_text(place)) + only, of_client
        if conn_ids.size == 1:
            pair = of_server & self._of_port(port) & of_client & self._of_port(client & PORT)
            yield connection_filters(self._connections.iloc[[place]])[0] + only, pair

    def _of_address(self, end: int) -> Mask:
        """Tell which connections the address of an endpoint has a part in."""
        host = end >> 16
        return np.asarray((self._ends.client >> 16 == host) | (self._ends.server >> 16 == host), np.bool_)

    def _of_port(self, port: int) -> Mask:
        """Tell which connections have an endpoint with this port."""
        return np.asarray((self._ends.client & PORT == port) | (self._ends.server & PORT == port), np.bool_)

    def _first(self, frames: Array) -> list[int]:
        """Return the first frames, as many as a filter has room for."""
        listed = captured_frames(self._segments, frames[:WIDTH])
        low, high = 0, len(listed)  # a filter of `low` frames fits
        while low < high:
            middle = (low + high + 1) // 2
            if len(frame_filter(listed[:middle]) or "") <= WIDTH:
                low = middle
            else:
                high = middle - 1
        return listed[:low]

    @cached_property
    def _ends(self) -> Endpoints:
        return Endpoints(self._connections)
