"""A pattern for tests: one file, as those of the package."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns import Notable, Pattern, Traffic

NAME = "toy"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("packets",)
READS = ("tcp_header_bytes",)
DESCRIPTION = "Every packet of this toy has an acknowledgement number or has none."


class ToyLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    fewest : int, default 1
        Packets. [packets]
    """

    fewest: int = 1


LIMITS = ToyLimits


def observe(traffic: Traffic, limits: ToyLimits) -> Pattern | None:
    """Count events by a column that no other pattern reads."""
    rows = traffic.rows(np.ones(len(traffic.series("tcp_header_bytes")), np.bool_))
    if rows.size < limits.fewest:
        return None
    seen = {"wide": int(rows.size), "fewest": limits.fewest}
    return Pattern(NAME, CATEGORY, DESCRIPTION, seen, traffic.evidence(rows))


def notable(seen: dict[str, Any]) -> Notable | None:
    """Name the packets."""
    return Notable("all_wide", f"{seen['wide']:,} packets")
