"""What is known of a whole capture once its packets are gone: all that results with any filter need of them."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import pandas as pd

from pcapframe.analysis.clock import ClockStep, find_clock_steps
from pcapframe.analysis.health import (
    CaptureHealth,
    Finding,
    PacketCounts,
    count_packets,
    examine_packets,
    explain_no_segments,
)
from pcapframe.events import Totals
from pcapframe.measures import without_attrs
from pcapframe.packets import DECODE_AS, CaptureInfo

FindSteps: TypeAlias = Callable[[pd.DataFrame], list[ClockStep]]

__all__ = ["CaptureFacts", "Judged", "capture_facts"]


class CaptureFacts(NamedTuple):
    """Facts of a capture that its packets tell.

    Parameters
    ----------
    capture : CaptureInfo
        What the file says of itself.
    packets : int
        How many there are.
    has_quotes : bool
        Whether ICMP errors quote TCP.
    is_tunnelled : bool
        Whether some packets have addresses around those of their connection.
    decode_as : tuple of str
        What was decoded as what.
    message : str or None
        What is seen of TCP where no segment is.
    findings : tuple of Finding
        What limits the capture, whatever the filter.
    """

    capture: CaptureInfo
    packets: int
    has_quotes: bool
    is_tunnelled: bool
    decode_as: tuple[str, ...]
    message: str | None
    findings: tuple[Finding, ...]


class Judged(NamedTuple):
    """What all results are made from, whatever the filter.

    Parameters
    ----------
    facts : CaptureFacts
        Of the packets.
    events : DataFrame
        The segments that anything can be said of: columns of ``schema.SEGMENTS``, or only those that results read.
    totals : Totals
        Of the other segments.
    """

    facts: CaptureFacts
    events: pd.DataFrame
    totals: Totals


def capture_facts(
    packets: pd.DataFrame,
    segments: pd.DataFrame,
    capture: CaptureInfo,
    known: CaptureHealth | None = None,
    clock_steps: FindSteps = find_clock_steps,
    counts: PacketCounts | None = None,
) -> CaptureFacts:
    """Take the facts of a capture off its packets.

    Parameters
    ----------
    packets, segments : DataFrame
        Columns of ``schema.PACKETS`` and ``schema.SEGMENTS``, the whole capture; not modified.
    capture : CaptureInfo
        What the file says of itself.
    known : CaptureHealth, optional
        Earlier result for the same capture, with any filter: its findings about the whole capture are used again.
    clock_steps : callable, optional
        Finds the steps of the capture's clock in the segments.
    counts : PacketCounts, optional
        Of all packets, where `packets` are only those that anything can be said of.

    Returns
    -------
    CaptureFacts
        All of them.
    """
    bare = without_attrs(packets)
    counts = counts or count_packets(bare)
    return CaptureFacts(
        capture=capture,
        packets=counts.packets,
        has_quotes=counts.has_quotes,
        is_tunnelled=counts.is_tunnelled,
        decode_as=tuple(packets.attrs.get(DECODE_AS, ())),
        message=None if len(segments) else explain_no_segments(counts, truncated=capture.truncated),
        findings=examine_packets(bare, segments, capture=capture, known=known, counts=counts, clock_steps=clock_steps),
    )
