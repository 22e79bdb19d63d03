"""Connections that did not come about: who tried, which server answered what."""

from collections.abc import Iterator

import numpy as np

from pcapframe.analysis.standouts._seen import Found, Group, Seen, clients_of, in_all
from pcapframe.arrays import Array, Mask
from pcapframe.measures import distinct
from pcapframe.wording import counted, seconds, times

__all__ = ["aborted", "half_open", "refused", "repeated_syns", "tried_addresses", "tried_ports", "unanswered"]

TRIED = 10  # fewest ports of an address, or addresses, that one client tries
HALF = 32  # bits of half a word
FAILED = 0.5  # smallest share of these without a connection
SETTLE_S = 1.0  # a SYN this close to the end of the capture may still be answered [s]
WAITED_S = 0.2  # shortest handshake whose repeated SYN is named [s]
REPEATED = 0.1  # smallest share of a server's connections whose SYN was repeated


def tried_ports(seen: Seen, free: Mask) -> Iterator[Found]:
    """A client that tried many ports of one address, most of them without a connection."""
    ends = seen.traffic.endpoints
    for mask in _large_groups(seen, free, ends.client >> 16, ends.server >> 16, ends.server & 0xFFFF):
        place = int(np.argmax(mask))
        ports = np.unique(ends.server[mask]).size
        who, whom = ends.client_text(place), ends.server_host_text(place)
        rows = _probes(seen, mask)
        yield Found(
            f"{who} tried {ports:,} ports of {whom}{seen.span_text(rows)}: {_outcomes(seen, mask)}",
            mask, rows, mask, "first",
        )  # fmt: skip


def tried_addresses(seen: Seen, free: Mask) -> Iterator[Found]:
    """A client that tried one port of many addresses, most of them without a connection."""
    ends = seen.traffic.endpoints
    for mask in _large_groups(seen, free, ends.client >> 16, ends.server & 0xFFFF, ends.server >> 16):
        place = int(np.argmax(mask))
        hosts, port = np.unique(ends.server_host[mask]).size, int(ends.server[place] & 0xFFFF)
        rows = _probes(seen, mask)
        yield Found(
            f"{ends.client_text(place)} tried port {port} of {hosts:,} addresses{seen.span_text(rows)}: "
            f"{_outcomes(seen, mask)}",
            mask, rows, mask, "first",
        )  # fmt: skip


def _without_data(seen: Seen) -> Mask:
    """Tell which connections carried no payload."""
    return np.asarray(seen.each_way("payload_bytes") == 0, np.bool_)


def _large_groups(seen: Seen, free: Mask, who: Array, what: Array, each: Array) -> Iterator[Mask]:
    """Find who failed to reach `TRIED` different things or more of one, and most of what it tried there.

    Connections without a SYN count where the server sent a RST or nothing.
    """
    without = free & _without_data(seen)
    silent = (seen.number("server_rsts") > 0) | (seen.number("server_packets") == 0)
    failed = seen.is_in("handshake", "refused", "unanswered", "half_open", "aborted")
    failed = without & (failed | (seen.is_in("handshake", "not_captured") & silent))
    each_failed = each[failed]
    if distinct(each_failed, int(each_failed.max(initial=-1)) + 1).size < TRIED:
        return
    for one, other, count in _tried(who[failed], what[failed], each_failed):
        everything = (who == one) & (what == other)
        reached = np.unique(each[everything]).size
        if count >= FAILED * reached:
            yield everything & without


def _tried(who: Array, what: Array, each: Array) -> Iterator[tuple[int, int, int]]:
    """Yield who tried `TRIED` different things or more of one, that, and how many; in their order."""
    pairs = who << HALF | what  # numbers of half a word: sorting one word is far faster than sorting rows
    large, sizes = np.unique(pairs, return_counts=True)
    large = large[sizes >= TRIED]
    some = np.isin(pairs, large)
    different = np.unique(np.searchsorted(large, pairs[some]) << HALF | each[some])
    counts = np.bincount(different >> HALF, minlength=large.size)
    for pair, count in zip(large.tolist(), counts.tolist(), strict=True):
        if count >= TRIED:
            yield pair >> HALF, pair & ((1 << HALF) - 1), count


def _probes(seen: Seen, mask: Mask) -> Array:
    """Return the client's first packet of each connection."""
    everything = seen.traffic.by_connection(seen.traffic.all_rows(mask))
    return np.sort(everything.rows[everything.begins])


def _outcomes(seen: Seen, mask: Mask) -> str:
    """Count what became of tried connections."""
    unseen = seen.is_in("handshake", "not_captured") & mask
    by_rst = unseen & (seen.number("server_rsts") > 0)
    silent = unseen & (seen.number("server_packets") == 0)
    kinds = {
        "refused": seen.is_in("handshake", "refused") & mask,
        "unanswered": seen.is_in("handshake", "unanswered") & mask,
        "answered by a SYN-ACK": seen.is_in("handshake", "half_open", "aborted", "complete") & mask,
        "without a SYN, answered by a RST": by_rst,
        "without a SYN, not answered": silent,
        "without a SYN, otherwise": unseen & ~by_rst & ~silent,
    }
    counts = ((name, int(np.count_nonzero(kind))) for name, kind in kinds.items())
    return ", ".join(f"{count:,} {name}" for name, count in counts if count)


def unanswered(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that did not answer SYNs; where the capture may lack packets, a SYN that was repeated shows it."""
    mask = free & seen.is_in("handshake", "unanswered")
    if seen.is_unknown("unanswered"):
        mask &= seen.number("syn_count") > 1
    late = seen.traffic.seconds_to_end < SETTLE_S
    heard = np.bincount(seen.server_number, weights=seen.number("server_packets")) > 0
    again = np.bincount(seen.server_number, weights=seen.number("syn_count") > 1) > 0
    # The capture may have ended before the answer where the server answers others, or no SYN was repeated.
    mask &= ~(late & (heard | ~again)[seen.server_number])
    tried = seen.number("syn_count") > 0
    for group in seen.groups(mask):
        among = group.among & tried
        count, total = int(group.mask.sum()), int(among.sum())
        rows = seen.syns(group.mask)
        syns = f"{counted(rows.size, 'SYN')}{seen.span_text(rows)}"
        who = clients_of(seen, group.mask)
        if count == total == 1:
            text = f"{group.name} did not answer the connection{who} ({syns})"
        elif count == total:
            text = f"{group.name} answered none of {counted(total, 'connection')}{who} ({syns})"
        else:
            text = f"{group.name} did not answer {seen.which(group.mask, among)}{who} ({syns})"
        text += _icmp(seen, group.mask) + seen.beside(group.others & tried)
        yield Found(text, group.mask, rows, among, "syn")


def _icmp(seen: Seen, mask: Mask) -> str:
    """Say what ICMP errors said of connections."""
    errors = seen.traffic.connections["icmp_error"][mask]
    quoted = int(errors.notna().sum())
    if not quoted:
        return ""
    return f"; ICMP about {quoted:,}: {errors.value_counts().index[0]}"


def refused(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that answered SYNs with RSTs."""
    tried = seen.number("syn_count") > 0
    for group in seen.groups(free & seen.is_in("handshake", "refused")):
        among = group.among & tried
        rows = seen.traffic.flagged("SYN", "RST", within=group.mask).rows
        span = seen.span_text(rows) if group.mask.sum() > 1 else _after(seen, group)
        text = f"{group.name} refused {seen.which(group.mask, among)}{clients_of(seen, group.mask)} with RST{span}"
        text += seen.beside(group.others & tried)
        yield Found(text, group.mask, rows, among, "")


def _after(seen: Seen, group: Group) -> str:
    """Write the time from the only SYN to the RST."""
    rows = seen.traffic.flagged("SYN", "RST", within=group.mask).rows
    if rows.size != 2:
        return seen.span_text(rows)
    took = float(seen.traffic.seconds_between(rows[:1], rows[1:])[0])
    return "" if np.isnan(took) else f" {seconds(took)} after the SYN"


def half_open(seen: Seen, free: Mask) -> Iterator[Found]:
    """Handshakes that stopped after the SYN-ACK; a repeated one shows it where the capture may lack packets."""
    mask = free & seen.is_in("handshake", "half_open") & (seen.traffic.seconds_to_end >= SETTLE_S)
    if seen.is_unknown("unanswered"):
        mask &= seen.number("syn_ack_count") > 1
    tried = seen.number("syn_count") > 0
    for group in seen.groups(mask):
        among = group.among & tried
        rows = seen.traffic.flagged("SYN", within=group.mask).rows
        client = seen.client_text(group.mask)
        text = (
            f"{group.name} sent a SYN-ACK to {seen.which(group.mask, among)} from {client} and got no ACK "
            f"({counted(rows.size, 'packet')}{seen.span_text(rows)}){seen.beside(group.others & tried)}"
        )
        yield Found(text, group.mask, rows, among, "any syn")


def aborted(seen: Seen, free: Mask) -> Iterator[Found]:
    """Handshakes that the client ended by a RST after the SYN-ACK."""
    tried = seen.number("syn_count") > 0
    for group in seen.groups(free & seen.is_in("handshake", "aborted")):
        among = group.among & tried
        rows = seen.traffic.flagged("RST", within=group.mask).rows
        which = seen.which(group.mask, among)
        text = f"{seen.client_text(group.mask)} answered the SYN-ACK of {group.name} with a RST in {which}"
        yield Found(text, group.mask, rows, among, "rst")


def repeated_syns(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that answered only a repeated SYN, or whose SYN-ACK was repeated, in many connections."""
    syns, answers = seen.number("syn_count"), seen.number("syn_ack_count")
    repeated = free & seen.is_in("handshake", "complete") & ((syns > 1) | (answers > 1)) & (syns > 0)
    repeated |= free & seen.is_in("handshake", "not_captured") & (answers > 1)
    repeated &= ~(seen.seconds("handshake_s") < WAITED_S)
    often = np.bincount(seen.server_number, weights=repeated)[seen.server_number] >= REPEATED * seen.server_sizes
    for group in seen.groups(repeated & often):
        count, total = int(group.mask.sum()), int(group.among.sum())
        client = seen.client_text(group.mask)
        again = int((syns[group.mask] - 1).clip(0).sum()), int((answers[group.mask] - 1).clip(0).sum())
        sent = (f"{client} repeated the SYN to {group.name}", f"{group.name} repeated the SYN-ACK to {client}")
        what = " and ".join(f"{text} {times(number)}" for number, text in zip(again, sent, strict=True) if number)
        rows = seen.traffic.flagged("SYN", within=group.mask).rows
        waited = float(np.nanmax(seen.seconds("handshake_s")[group.mask], initial=0.0))
        took = f" (the handshake took {seconds(waited)}{' at most' if count > 1 else ''})" if waited else ""
        yield Found(f"{what}{in_all(count, total)}{took}", group.mask, rows, group.among, "any syn")
