"""Why a capture has no TCP segments: no TCP packets, none with a readable TCP header, or link types not decoded.

A packet whose IP header says TCP but whose TCP header cannot be read is not a segment. Packets of a link type that is
not decoded may be TCP.
"""

import pandas as pd

from pcapframe.capture.link_types import is_undecoded
from pcapframe.packets import CaptureInfo
from pcapframe.wording import agreeing, counted

__all__ = ["explain_no_segments", "undecoded_link_types"]


def undecoded_link_types(capture: CaptureInfo) -> list[str]:
    """Name the link types of a capture that are not decoded: their packets have only a time and a length.

    Parameters
    ----------
    capture : CaptureInfo
        What the file says of itself.

    Returns
    -------
    list of str
        As in ``capture.link_types``.
    """
    return [name for name in capture.link_types if is_undecoded(name)]


def explain_no_segments(packets: pd.DataFrame, capture: CaptureInfo) -> str:
    """Say of a capture without TCP segments what is seen of TCP in it.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``, none of which is a segment; not modified.
    capture : CaptureInfo
        What the file says of itself.

    Returns
    -------
    str
        A sentence without its full stop.

    Examples
    --------
    >>> import pcapframe as pf
    >>> packets = pf.read_pcap(pf.example("clean.pcap"))
    >>> explain_no_segments(packets.iloc[:0], pf.capture_info(packets))
    'No TCP packets found in this capture'
    """
    unread = int((packets["protocol"] == "TCP").sum())
    undecoded = int(packets["protocol"].isin([*filter(is_undecoded, packets["protocol"].cat.categories)]).sum())
    why = "No TCP packets found in this capture"
    if unread:
        why = (
            f"No TCP packet of this capture can be followed: {counted(unread, 'packet')} "
            f"{agreeing(unread, 'is TCP by its IP header', 'are TCP by their IP headers')}, without a TCP header that "
            "can be read"
        )
    if not undecoded:
        return why
    those = agreeing(undecoded, "the link type of 1 packet is", f"the link types of {undecoded:,} packets are")
    return f"{why}; {those} not decoded, so whether there is{' more' if unread else ''} TCP is unknown"
