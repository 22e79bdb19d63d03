"""What is known of TCP in packets that are no segments: none, no readable TCP header, or something that is not decoded.

A packet whose IP header says TCP but whose TCP header cannot be read is not a segment. A packet that is not decoded (a
link type, an Ethernet type, a tunnel, encrypted data) may be TCP: see the column ``undecoded``.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pcapframe.measures import without_attrs
from pcapframe.memory import stretches
from pcapframe.wording import agreeing, counted, printable

if TYPE_CHECKING:
    from pcapframe.analysis.health._packets import PacketCounts

__all__ = ["count_undecoded", "explain_no_segments", "say_undecoded"]

NAMED = 5  # kinds of what is not decoded, in a sentence


def count_undecoded(packets: pd.DataFrame) -> dict[str, int]:
    """Count the packets that may be TCP and were not decoded.

    Parameters
    ----------
    packets : DataFrame
        The column ``undecoded`` of ``schema.PACKETS``; not modified.

    Returns
    -------
    dict
        Packets by what was not decoded, the most frequent first; empty for none.

    Examples
    --------
    >>> import pcapframe as pf
    >>> count_undecoded(pf.read_pcap(pf.example("clean.pcap")))
    {}
    """
    undecoded = without_attrs(packets)["undecoded"]
    if not len(undecoded.cat.categories):
        return {}
    kinds, codes = undecoded.cat.categories, undecoded.array.codes
    counts = np.zeros(len(kinds) + 1, np.int64)  # the last one: of null, which is -1
    for rows in stretches(codes.size):
        np.add.at(counts, codes[rows], 1)
    order = np.argsort(-counts[:-1], kind="stable")
    return {str(kinds[place]): int(counts[place]) for place in order if counts[place]}


def say_undecoded(counts: dict[str, int], *, more: bool = False) -> str:
    """Say that it is unknown whether some packets are TCP.

    Parameters
    ----------
    counts : dict
        As from `count_undecoded`; not empty.
    more : bool, default False
        Whether there is TCP besides.

    Returns
    -------
    str
        The beginning of a sentence, in lower case.

    Examples
    --------
    >>> say_undecoded({"Ethernet type 0x1234": 12})
    'whether there is TCP in 12 packets (Ethernet type 0x1234) is unknown'
    >>> say_undecoded({"ESP, encrypted": 3, "GRE": 1}, more=True)
    'whether there is more TCP in 4 packets (3 of ESP, encrypted; 1 of GRE) is unknown'
    """
    total, names = sum(counts.values()), [printable(name) for name in counts]
    kinds = names[0]
    if len(counts) > 1:
        parts = [f"{count:,} of {name}" for name, count in zip(names, counts.values(), strict=True)][:NAMED]
        rest = len(counts) - len(parts)
        kinds = "; ".join([*parts, *([f"the others of {counted(rest, 'more kind')}"] if rest else [])])
    return f"whether there is {'more ' if more else ''}TCP in {counted(total, 'packet')} ({kinds}) is unknown"


def explain_no_segments(counts: "PacketCounts", *, truncated: bool = False) -> str:
    """Say of a capture without TCP segments what is seen of TCP in it.

    Parameters
    ----------
    counts : PacketCounts
        Of its packets, none of which is a segment.
    truncated : bool, default False
        Whether part of the capture could not be read.

    Returns
    -------
    str
        A sentence without its full stop.

    Examples
    --------
    >>> import pcapframe as pf
    >>> from pcapframe.analysis.health import count_packets
    >>> explain_no_segments(count_packets(pf.read_pcap(pf.example("clean.pcap")).iloc[:0]))
    'No TCP packets found in this capture'
    """
    quoting, sentence = counts.quoting_tcp, _explain(counts)
    errors = agreeing(quoting, "1 ICMP error quotes a TCP packet", f"{quoting:,} ICMP errors quote TCP packets")
    if truncated:
        sentence = _of_a_part(counts, sentence)
    return f"{sentence}; {errors}" if quoting else sentence


def _of_a_part(counts: "PacketCounts", sentence: str) -> str:
    """Say that it is unknown whether there is TCP in what could not be read."""
    if counts.tcp or counts.undecoded:
        return f"{sentence}; part of the capture could not be read, and may hold TCP too"
    read = counts.packets
    none = agreeing(read, "the only packet that could is not TCP", f"none of the {read:,} packets that could is TCP")
    why = f"part of it could not be read, and {none}" if read else "no packet of it could be read"
    return f"Whether there is TCP in this capture is unknown: {why}"


def _explain(counts: "PacketCounts") -> str:
    """Say what is seen of TCP apart from what ICMP errors quote, in what could be read."""
    unread, undecoded = counts.tcp, counts.undecoded
    if unread:
        why = (
            f"No TCP packet of this capture can be followed: {counted(unread, 'packet')} "
            f"{agreeing(unread, 'is TCP by its IP header', 'are TCP by their IP headers')}, without a TCP header that "
            "can be read"
        )
        return f"{why}; {say_undecoded(undecoded, more=True)}" if undecoded else why
    if not undecoded:
        return "No TCP packets found in this capture"
    sentence = say_undecoded(undecoded)
    others = counts.packets - sum(undecoded.values())
    none = f"; the {'other packet is' if others == 1 else f'other {others:,} packets are'} not TCP" if others else ""
    return f"{sentence[0].upper()}{sentence[1:]}{none}"
