"""Segments that were retransmitted.

Observed: segments that repeat payload, SYN or FIN that their sender had sent before (column ``resent``).

Rule: reported when there is any; ``exceeds_threshold`` says whether the rate, of all TCP packets, is above ``rate``.
It is notable (``high_retransmission``) when data was: the 95 % interval of retransmitted segments with payload among
all segments with payload lies above ``rate``. Retries of SYNs and FINs are stated apart, as they measure no path that
carries data.

Limits: judged by payload bytes, IP identifications, timestamps and SACK in the packets, not by Wireshark's labels.
Keep-alives, window probes and duplicates made by the network or the capture do not count. If the first copy of the
last data was lost before the capture point, its retransmission cannot be recognised. The interval assumes that packets
are independent, although losses come in bursts.

RFC 9293 section 3.8.1, RFC 6298 (timeout), RFC 5681 section 3.2 (fast), RFC 8985 (tail probe), RFC 2883 and
3522 (needless).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import Notable, Pattern, beside, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.schema import RESEND_REASONS
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "PacketRetransmissionLimits", "notable", "observe"]

NAME = "packet_retransmission"
CATEGORY = "reliability"
RESTS_ON = ("retransmissions", "retransmission_rate")
READS = ("retransmission", "needless", "resend_reason")


class PacketRetransmissionLimits(NamedTuple):
    """When the rate is above the threshold.

    Parameters
    ----------
    rate : float, default 0.02
        Retransmitted segments / TCP packets above which ``exceeds_threshold`` is True. [0 to 1]
    """

    rate: float = 0.02


LIMITS = PacketRetransmissionLimits


def observe(traffic: Traffic, limits: PacketRetransmissionLimits) -> Pattern | None:
    """Count retransmitted segments.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : PacketRetransmissionLimits
        The threshold.

    Returns
    -------
    Pattern or None
        ``total_retransmissions`` of ``total_packets`` [packets], ``rate`` [0 to 1] with its 95 % interval,
        ``threshold``, ``exceeds_threshold``, ``by_connection`` [packets] of ``connections``; ``from_client``,
        ``from_server`` [packets], ``resent_bytes`` [bytes], ``by_reason`` [packets], ``needless`` and
        ``needless_unknown`` [packets]: data the receiver already had, and where that is unknown.
        ``data_retransmissions`` of ``data_packets`` [packets], ``data_rate`` [0 to 1] with its 95 % interval, and
        apart ``syn_retries`` and ``fin_retries`` [packets] of segments without payload.
        ``wireshark_total`` are the packets that Wireshark's rules label; ``only_wireshark`` and ``only_evidence``
        the packets that only one of the two includes. Evidence: the retransmitted segments.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("losses.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments), reads=READS)
    >>> observe(traffic, PacketRetransmissionLimits()).observations["exceeds_threshold"]
    True
    """
    by_client, by_server = traffic.number("client_resent_segments"), traffic.number("server_resent_segments")
    total = int(by_client.sum() + by_server.sum())
    if total == 0:
        return None
    packets = traffic.packet_count
    by_connection, pairs = traffic.endpoints.count_pairs(by_client + by_server)
    needless = traffic.series("needless").array.take(traffic.resent)
    connections = int((by_client + by_server > 0).sum())
    theirs = traffic.differing("retransmission", "resent")
    observations: dict[str, Any] = {
        "total_retransmissions": total,
        "total_packets": packets,
        **rate("rate", total, packets),
        "threshold": limits.rate,
        "exceeds_threshold": total / packets > limits.rate,
        "by_connection": by_connection,
        "by_connection_total": pairs,
        "connections": connections,
        "from_client": int(by_client.sum()),
        "from_server": int(by_server.sum()),
        "resent_bytes": int(traffic.each_way("resent_bytes").sum()),
        "by_reason": _reasons(traffic, traffic.resent),
        "needless": int(needless.sum()),
        "needless_unknown": int(needless.isna().sum()),
        **_of_data(traffic),
        "wireshark_total": theirs.wireshark_total,
        "only_wireshark": theirs.only_wireshark.size,
        "only_evidence": theirs.only_evidence.size,
    }
    side = "above" if observations["exceeds_threshold"] else "not above"
    description = (
        f"{total:,} of {counted(packets, 'TCP packet')} ({percent(total / packets)}, {side} the threshold of "
        f"{percent(limits.rate)}) {agreeing(total, 'was', 'were')} retransmitted, in "
        f"{connections:,} of {counted(traffic.size, 'connection')}.{beside(theirs, 'retransmissions')}"
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(traffic.resent))


def notable(seen: dict[str, Any]) -> Notable | None:
    """Say that the interval of the rate of data is above the threshold.

    Parameters
    ----------
    seen : dict
        The observations of `observe`.

    Returns
    -------
    Notable or None
        None where it is not.
    """
    total = seen["data_retransmissions"]
    if not total or seen["data_rate_low"] <= seen["threshold"]:
        return None
    retries = {"SYN": seen["syn_retries"], "FIN": seen["fin_retries"]}
    apart = " and ".join(
        f"{count:,} {name} {agreeing(count, 'retry', 'retries')}" for name, count in retries.items() if count
    )
    return Notable(
        "high_retransmission",
        f"{total:,} of {counted(seen['data_packets'], 'segment')} with payload ({percent(seen['data_rate'])}, 95 % "
        f"interval {percent(seen['data_rate_low'])} to {percent(seen['data_rate_high'])}) "
        f"{agreeing(total, 'was', 'were')} retransmitted; the interval is above the threshold of "
        f"{percent(seen['threshold'])}{f'; apart from these, {apart}' if apart else ''}",
    )


def _of_data(traffic: Traffic) -> dict[str, Any]:
    """Count what was retransmitted with payload, and SYNs and FINs without."""
    rows = traffic.resent
    bare = traffic.payload(rows) == 0
    data = int(np.count_nonzero(~bare))
    syns = int(np.count_nonzero(bare & traffic.has_flag(rows, "SYN")))
    return {
        "data_retransmissions": data,
        "data_packets": traffic.data_packets,
        **rate("data_rate", data, traffic.data_packets),
        "syn_retries": syns,
        "fin_retries": rows.size - data - syns,
    }


def _reasons(traffic: Traffic, rows: Array) -> dict[str, int]:
    """Count retransmissions by their reason, without zeros."""
    reasons = traffic.series("resend_reason").cat
    counts = np.bincount(reasons.codes.to_numpy()[rows] + 1, minlength=len(reasons.categories) + 1)[1:]
    found = dict(zip(reasons.categories, counts.tolist(), strict=True))
    return {name: found[name] for name in RESEND_REASONS if found.get(name)}
