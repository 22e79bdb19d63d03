"""SYNs and SYN-ACKs that were sent more than once.

Observed: retransmitted segments with SYN.

Rule: reported when at least ``min_repeats`` SYNs or SYN-ACKs were repeats.

Limits: duplicates made by the network or the capture do not count. A repeat whose first copy is missing from the
capture counts as well, so repeats are stated beside the first copies, never as a share of them. The capture does not
show whether the first copy or its answer was lost, nor where. Retries of unanswered connections are included;
``in_complete_handshakes`` counts the connections whose handshake completed.

RFC 9293 section 3.8.1, RFC 6298 section 5.7.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "RepeatedSynLimits", "observe"]

NAME = "repeated_syn"
CATEGORY = "connection_establishment"
RESTS_ON = ("flags",)
READS = ("rel_ack",)


class RepeatedSynLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_repeats : int, default 1
        Fewest repeated SYNs and SYN-ACKs. [packets]
    """

    min_repeats: int = 1


LIMITS = RepeatedSynLimits


def observe(traffic: Traffic, limits: RepeatedSynLimits) -> Pattern | None:
    """Count repeated SYNs and SYN-ACKs.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RepeatedSynLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``repeated_syns`` of ``syn_count`` and ``repeated_syn_acks`` of ``syn_ack_count`` [packets],
        ``syn_acks_after_ack``: those of the repeated SYN-ACKs that came after the client's ACK of the first one
        [packets], ``connections`` that have any, ``in_complete_handshakes`` [connections]. Evidence: the repeats.
    """
    rows = traffic.resent[traffic.has_flag(traffic.resent, "SYN")]
    if rows.size < max(limits.min_repeats, 1):
        return None
    evidence = traffic.evidence(rows)
    syn_acks = int(traffic.has_flag(rows, "ACK").sum())
    completed = traffic.within(rows, traffic.is_in("handshake", "complete"))
    observations: dict[str, Any] = {
        "repeated_syns": rows.size - syn_acks,
        "syn_count": int(traffic.number("syn_count").sum()),
        "repeated_syn_acks": syn_acks,
        "syn_ack_count": int(traffic.number("syn_ack_count").sum()),
        "syn_acks_after_ack": _after_ack(traffic, rows),
        "connections": evidence.connection_count,
        "in_complete_handshakes": int(traffic.places(completed).sum()),
    }
    kinds = (("SYN", rows.size - syn_acks, "syn_count"), ("SYN-ACK", syn_acks, "syn_ack_count"))
    repeats = [_beside_first(noun, repeated, observations[total]) for noun, repeated, total in kinds if repeated]
    description = (
        f"{' and '.join(repeats)}, in {counted(evidence.connection_count, 'connection')}, of which "
        f"{observations['in_complete_handshakes']:,} completed the handshake.{_after(observations)}"
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _after(seen: dict[str, Any]) -> str:
    """Say how many SYN-ACKs came after the client's ACK, after a space."""
    late = seen["syn_acks_after_ack"]
    if not late:
        return ""
    return f" Of the repeated SYN-ACKs {late:,} came after the client's ACK."


def _after_ack(traffic: Traffic, rows: Array) -> int:
    """How many SYN-ACKs come after the client acknowledged the SYN-ACK, and nothing more."""
    rows = rows[traffic.has_flag(rows, "ACK")]
    if not rows.size:
        return 0
    every, place = traffic.all_rows(traffic.places(rows))
    is_ack = traffic.from_client(every) & traffic.has_flag(every, "ACK") & ~traffic.has_flag(every, "SYN", "RST")
    is_ack &= traffic.at("rel_ack", every, np.int64) == 1
    first = np.full(traffic.size, np.iinfo(np.int64).max)
    first[place[is_ack][::-1]] = every[is_ack][::-1]  # the last assignment wins
    return int((rows > first[traffic.place(rows)]).sum())


def _beside_first(noun: str, repeated: int, total: int) -> str:
    """Write how many were repeats, and how many first copies there are."""
    first = f"beside {total - repeated:,} sent first" if total > repeated else "the first not in the capture"
    return f"{counted(repeated, noun)} {agreeing(repeated, 'was a repeat', 'were repeats')} ({first})"
