"""The packets that matter, by kind: what was sent again, what refused or ended, what kept data waiting.

Lists of frame numbers without anything else, so that one answer has room for those of all kinds.
"""

from collections.abc import Callable
from typing import TypedDict

import numpy as np
import pandas as pd

from pcapframe.analysis import Analysis, counted_once
from pcapframe.arrays import Mask
from pcapframe.schema import FLAG_BITS

__all__ = ["KINDS", "KindOfPackets", "frames_of_kind", "kinds_of"]

READS = ("conn_id", "tcp_flags", "resent", "reordered", "capture_duplicate", "rst_ignored", "zero_window")
SYN, RST, ACK = FLAG_BITS["SYN"], FLAG_BITS["RST"], FLAG_BITS["ACK"]


class KindOfPackets(TypedDict):
    """Packets of one kind, the first ones, and how many there are."""

    frames: list[int]
    frame_count: int


def _labelled(label: str) -> Callable[..., Mask]:
    return lambda segments, *_: segments[label].to_numpy(np.bool_)


_copies = _labelled("capture_duplicate")  # which statistics do not count


def _rsts(segments: pd.DataFrame, _: pd.Series) -> Mask:
    return np.asarray(segments["tcp_flags"].to_numpy() & RST != 0) & ~_copies(segments)


def _syns(*handshakes: str, answer: bool = False) -> Callable[..., Mask]:
    """Return a rule for the SYNs, or the SYN-ACKs, of handshakes that ended so."""

    def mask(segments: pd.DataFrame, handshake: pd.Series) -> Mask:
        flags = segments["tcp_flags"].to_numpy()
        is_one = (flags & SYN != 0) & ((flags & ACK != 0) == answer) & ~_copies(segments)
        made = np.zeros(len(segments), np.bool_)
        made[is_one] = handshake.reindex(segments["conn_id"].to_numpy()[is_one]).isin(handshakes).to_numpy()
        return made

    return mask


KINDS: dict[str, Callable[..., Mask]] = {
    "unanswered_syn": _syns("unanswered"),
    "refused_syn": _syns("refused"),
    "half_open_syn_ack": _syns("half_open", answer=True),
    "rst": _rsts,
    "rst_ignored": _labelled("rst_ignored"),
    "zero_window": _labelled("zero_window"),
    "resent": _labelled("resent"),
    "reordered": _labelled("reordered"),
    "capture_duplicate": _labelled("capture_duplicate"),
}
"""Rules by name: each takes segments, and the handshake of each connection, and returns which segments are of it."""


def frames_of_kind(analysis: Analysis, kind: str) -> pd.DataFrame:
    """Find the packets of one kind.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are searched.
    kind : str
        A key of `KINDS`.

    Returns
    -------
    DataFrame
        Its rows of the segments, with the columns `READS`.

    Examples
    --------
    >>> import pcapframe as pf
    >>> len(frames_of_kind(pf.analyze(pf.example("resets.pcap")), "rst"))
    26
    """
    found, connections = counted_once(analysis.filtered_events(*READS), analysis.connections)
    return found[KINDS[kind](found, connections["handshake"].astype(str))]


def kinds_of(analysis: Analysis, limit: int) -> dict[str, KindOfPackets]:
    """List the packets of each kind that occurs.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are searched.
    limit : int
        Most frames of each kind; the counts are exact.

    Returns
    -------
    dict
        ``frames`` and ``frame_count`` by kind.
    """
    listed = {}
    for kind in KINDS:
        frames = frames_of_kind(analysis, kind).index
        if len(frames):
            listed[kind] = KindOfPackets(frames=frames[:limit].tolist(), frame_count=len(frames))
    return listed
