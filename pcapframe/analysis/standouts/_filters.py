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
from pcapframe.measures import has_other_numbers, without_attrs
from pcapframe.schema import ACK, RST, SYN
from pcapframe.wording import agreeing, counted

__all__ = ["PACKETS", "Filters", "Selected"]

CARRIES = "tcp.len > 0"
NO_QUOTES = "!icmp && !icmpv6"
WIDTH = 74  # longest filter [characters]
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
    packets, segments, connections : DataFrame
        Of the whole capture, whatever the filter; not modified.
    """

    def __init__(
        self, capture: CaptureInfo, packets: pd.DataFrame, segments: pd.DataFrame, connections: pd.DataFrame
    ) -> None:
        self._capture, self._packets = capture, packets
        self._segments, self._connections = without_attrs(segments), without_attrs(connections)

    def select(self, conn_ids: Array, frames: Array, flags: str) -> Selected:
        """Find a filter for an event.

        Parameters
        ----------
        conn_ids : ndarray of int
            Its connections.
        frames : ndarray of int
            The packets that show it, ascending.
        flags : str
            Which packets of the connections these are, a name of `PACKETS`.

        Returns
        -------
        Selected
            For exactly these packets where a short one does so; else for all packets of the connections, or for the
            first of the frames. `selects` says which.
        """
        packets = counted(frames.size, "packet")
        exact = [text for text, ids in self._sets(conn_ids) for text in self._exact(text, ids, frames, flags)]
        whole = frame_filter(captured_frames(self._packets, frames)) if frames.size <= WIDTH else None
        if whole and len(whole) <= WIDTH:
            exact.append(whole)
        if exact:
            return Selected(min(exact, key=len), packets)
        for text, ids in self._sets(conn_ids):
            if text not in ("", NO_QUOTES) and len(text) <= WIDTH and ids.sum() == conn_ids.size:
                number = int(np.count_nonzero(ids.take(self._conn_id)))
                these = agreeing(conn_ids.size, "its connection", f"these {conn_ids.size:,} connections")
                return Selected(text, f"all {counted(number, 'packet')} of {these}")
        shown = self._first(frames)
        if not shown:
            return Selected(None, "")
        return Selected(frame_filter(shown), f"the first {len(shown):,} of {packets}")

    def _exact(self, text: str, ids: Mask, frames: Array, flags: str) -> Iterator[str]:
        """Write the filters of some connections that select exactly these frames."""
        of_ids = ids.take(self._conn_id)
        for name in dict.fromkeys(("", flags)):
            words, mask, value, column = PACKETS[name]
            found = of_ids
            if mask:
                found = found & ((self._segments["tcp_flags"].to_numpy() & mask) == value)
            if column:
                found = found & self._segments[column].to_numpy()
            if CARRIES in words:
                found = found & self._carries
            written = " && ".join(part for part in (words, text) if part)
            if len(written) > WIDTH or (text in ("", NO_QUOTES) and not words):
                continue
            if np.count_nonzero(found) == frames.size and np.array_equal(self._frames[found], frames):
                yield written

    def _sets(self, conn_ids: Array) -> Iterator[tuple[str, Mask]]:
        """Write filters of connections, each with the connections that it selects."""
        if has_other_numbers(self._packets):
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
        one = self._connections.loc[conn_ids[:1]]
        server, port = str(one["server"].iloc[0]), int(one["server_port"].iloc[0])
        yield endpoint_filter(server, port) + only, self._of_address(server) & self._of_port(port)
        yield endpoint_filter(server) + only, self._of_address(server)
        client = str(one["client"].iloc[0])
        yield endpoint_filter(client) + only, self._of_address(client)
        if conn_ids.size == 1:
            pair = self._of_address(server) & self._of_port(port) & self._of_address(client)
            yield connection_filters(one)[0] + only, pair & self._of_port(int(one["client_port"].iloc[0]))

    def _of_address(self, address: str) -> Mask:
        mask = np.zeros(len(self._connections), np.bool_)
        for side in ("client", "server"):
            column = self._connections[side]
            code = column.cat.categories.get_indexer(pd.Index([address]))[0]
            if code >= 0:
                mask |= column.cat.codes.to_numpy() == code
        return mask

    def _of_port(self, port: int) -> Mask:
        client, server = (self._connections[f"{side}_port"].to_numpy() == port for side in ("client", "server"))
        return np.asarray(client | server, np.bool_)

    def _first(self, frames: Array) -> list[int]:
        """Return the first frames, as many as a filter has room for."""
        listed = captured_frames(self._packets, frames[:WIDTH])
        while listed and len(frame_filter(listed) or "") > WIDTH:
            listed.pop()
        return listed

    @cached_property
    def _conn_id(self) -> Array:
        return self._segments["conn_id"].to_numpy().astype(np.intp)

    @cached_property
    def _carries(self) -> Mask:
        """Which segments have payload."""
        return np.asarray(self._segments["payload_bytes"].to_numpy(dtype=np.int64, na_value=0) > 0, np.bool_)

    @cached_property
    def _frames(self) -> Array:
        return self._segments.index.to_numpy()

    @cached_property
    def _has_quotes(self) -> bool:
        """Whether ICMP errors quote TCP: Wireshark shows the quoted addresses, ports and stream as theirs."""
        return "quoted_src" in self._packets and bool(self._packets["quoted_src"].notna().any())

    @cached_property
    def _is_tunnelled(self) -> bool:
        """Whether some packets have addresses around those of their connection."""
        return "tunnel" in self._packets and bool(self._packets["tunnel"].notna().any())
