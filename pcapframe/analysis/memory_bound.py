"""Refuse an analysis that would take more memory than allowed, before its costly stages."""

import numpy as np
import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.capture.source import claims_of
from pcapframe.memory import bytes_to_analyze
from pcapframe.schema import ACK, SYN

__all__ = ["claim_memory"]

MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)  # odd multipliers that mix the bits of a hash


def claim_memory(source: object, packets: pd.DataFrame) -> None:
    """Check the memory that an analysis needs against the limits of its source.

    Parameters
    ----------
    source : capture or list of captures
        What the packets were read from; without a limit this does nothing.
    packets : DataFrame
        Columns of ``schema.PACKETS``.

    Raises
    ------
    CaptureError
        It would need more memory than allowed.
    """
    claims = claims_of(source)
    if not claims:
        return
    is_segment = packets["seq"].notna().to_numpy()
    segments = int(np.count_nonzero(is_segment))
    needed = bytes_to_analyze(len(packets), segments, _count_connections(packets, is_segment))
    for claim in claims:
        claim(needed, len(packets))


def _count_connections(packets: pd.DataFrame, is_segment: Mask) -> int:
    """Estimate how many connections there are: endpoint pairs, or SYNs where these are more."""
    ends = []
    for side in ("src", "dst"):
        address = packets[side].cat.codes.to_numpy()[is_segment].astype(np.uint64)
        port = packets[f"{side}_port"].to_numpy(np.uint64, na_value=0)[is_segment]
        ends.append(address << np.uint64(16) | port)
    low, high = np.minimum(*ends), np.maximum(*ends)
    pairs = len(pd.unique((low + np.uint64(1)) * MIX[0] ^ (high * MIX[1] >> np.uint64(7))))
    flags = packets["tcp_flags"].to_numpy(np.uint16, na_value=0)[is_segment]
    return max(pairs, int(np.count_nonzero(flags & (SYN | ACK) == SYN)))
