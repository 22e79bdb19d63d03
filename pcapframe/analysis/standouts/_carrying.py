"""Data on its way: never acknowledged, retransmitted, held up by a closed window."""

from collections.abc import Iterator

import numpy as np

from pcapframe.analysis.standouts._seen import Found, Group, Seen, in_all
from pcapframe.arrays import Array, Mask
from pcapframe.measures import wilson_interval
from pcapframe.wording import counted, percent, seconds, times

__all__ = ["closed_windows", "held_back", "never_acknowledged", "retransmitted", "same_segment"]

SIDES = ("client", "server")
CLOSED_S = 0.2  # shortest time that closed windows took to be worth a line of their own weight [s]
FEWEST = 3  # retransmissions
RATE = 0.01  # smallest rate that is named, unless one of them waited as long as this:
STALLED_S = 1.0
HELD = 0.5  # smallest share of a sender's busy time
MINOR = 0.2  # weight of what does not reach the threshold


def never_acknowledged(seen: Seen, free: Mask) -> Iterator[Found]:
    """Data that was retransmitted and never acknowledged, while nothing came back."""
    numbers = seen.observed("peer_falls_silent")
    if not numbers:
        return
    rows = seen.rows_of("peer_falls_silent")
    for group in seen.groups(seen.places_of("peer_falls_silent") & free):
        those = seen.traffic.within(rows, group.mask)
        if not those.size:
            continue
        count, total = int(group.mask.sum()), int(group.among.sum())
        by_client = seen.traffic.from_client(those)
        way = f"{seen.client_text(group.mask)} to {group.name}"
        if not by_client.any():
            way = f"{group.name} to {seen.client_text(group.mask)}"
        resends = numbers["resends"] if count == numbers["connections"] else those.size
        part = count != numbers["connections"] and seen.is_cut("peer_falls_silent")
        often = f"at least {times(resends)}" if part else seen.at_least(resends, times(resends))
        which = in_all(count, total)
        ended = int((seen.each_way("rsts")[group.mask] > 0).sum())
        text = (
            f"Data from {way} was retransmitted {often}{seen.span_text(those)} and "
            f"nothing of it was acknowledged{which}"
            f"{f'; {ended:,} ended by RST' if ended and count > 1 else '; then a RST' if ended else ''}"
        )
        yield Found(text, group.mask, those, group.among, "resent")


def same_segment(seen: Seen, free: Mask) -> Iterator[Found]:
    """A segment that was retransmitted again and again while smaller ones arrived."""
    numbers = seen.observed("largest_segment_repeated")
    if not numbers:
        return
    rows = seen.rows_of("largest_segment_repeated")
    sizes = {row["conn_id"]: row for row in numbers["sizes"]}
    conn_ids = seen.traffic.connections.index.to_numpy()
    for group in seen.groups(seen.places_of("largest_segment_repeated") & free):
        listed = [sizes[conn_id] for conn_id in conn_ids[group.mask].tolist() if conn_id in sizes]
        if not listed:
            continue
        most = max(listed, key=lambda row: row["resends"])
        count, total = int(group.mask.sum()), int(group.among.sum())
        ends = (seen.client_text(group.mask), group.name)
        sender, receiver = ends if most["from_client"] else ends[::-1]
        which = in_all(count, total)
        text = (
            f"{sender} retransmitted a segment of {most['payload_bytes']:,} bytes to {receiver} "
            f"{seen.at_least(most['resends'], times(most['resends']))} while smaller ones arrived (at most "
            f"{most['largest_reported_bytes']:,} bytes){which}"
        )
        yield Found(text, group.mask, seen.traffic.within(rows, group.mask), group.among)


def closed_windows(seen: Seen, free: Mask) -> Iterator[Found]:
    """Receivers that advertised a window of zero."""
    numbers = seen.observed("zero_window")
    if not numbers:
        return
    rows = seen.traffic.labelled("zero_window")
    for side in SIDES:
        zeros = seen.number(f"{side}_zero_windows_sent")
        for group in seen.groups((zeros > 0) & free):
            those = seen.traffic.within(rows, group.mask)
            those = those[seen.traffic.from_client(those) == (side == "client")]
            count, total = int(group.mask.sum()), int(group.among.sum())
            ends = (seen.client_text(group.mask), group.name)
            receiver, sender = ends if side == "client" else ends[::-1]
            which = in_all(count, total)
            longest = max(numbers["closed_max_s"] or 0.0, numbers["not_reopened_max_s"] or 0.0)
            how = ""
            if count == numbers["connections"] and longest:
                kept = " and not reopened" if (numbers["not_reopened_max_s"] or 0) == longest else ""
                how = f", closed for {seconds(longest)}{' at most' if numbers['closures'] > 1 else ''}{kept}"
            text = f"{receiver} advertised a zero window to {sender} {times(int(zeros[group.mask].sum()))}{how}{which}"
            brief = longest < CLOSED_S and count == numbers["connections"]
            yield Found(text, group.mask, those, group.among, "zero window", weight=MINOR if brief else None)


def retransmitted(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers with whose connections much of the data was retransmitted; SYN retries are no data."""
    traffic = seen.traffic
    resent = traffic.resent[traffic.payload(traffic.resent) > 0] if traffic.resent.size else traffic.resent
    every = resent
    resent = traffic.within(resent, free)
    if not resent.size:
        return
    threshold = seen.observed("packet_retransmission").get("threshold", 0.02)
    place, by_client = traffic.place(resent), traffic.from_client(resent)
    for side in SIDES:
        counts = np.bincount(place[by_client == (side == "client")], minlength=seen.size)
        data = seen.number(f"{side}_data_packets")
        enough, small = _above(seen, counts, data, np.nan_to_num(seen.seconds(f"{side}_stalled_s")))
        some = (counts > 0) & free
        for group in (
            *seen.groups(some & enough[seen.server_number]), *seen.groups(some & small[seen.server_number], most=1)
        ):  # fmt: skip
            part, whole = int(counts[group.mask].sum()), int(data[group.among].sum())
            those = resent[(by_client == (side == "client")) & group.mask[place]]
            high = wilson_interval(part, whole)[0] > threshold
            beside = _of_others(seen, group.others, side, every, data)
            yield _retransmitted(seen, group, side, those, (part, whole), high, beside)


def _of_others(seen: Seen, others: Mask, side: str, every: Array, data: Array) -> str:
    """Write how much of the data of other clients with the same servers was retransmitted, after a semicolon."""
    whole = int(data[others].sum())
    if not whole:
        return ""
    those = seen.traffic.within(every, others)
    part = int(np.count_nonzero(seen.traffic.from_client(those) == (side == "client")))
    hosts = np.unique(seen.traffic.endpoints.client[others] >> 16).size
    return f"; {'to ' if side == 'server' else ''}{counted(hosts, 'other client')} {part:,} of {whole:,}"


def _retransmitted(
    seen: Seen, group: Group, side: str, rows: Array, counts: tuple[int, int], high: bool, beside: str
) -> Found:
    part, whole = counts
    count, total = int(group.mask.sum()), int(group.among.sum())
    ends = (seen.client_text(group.mask), group.name)
    sender, receiver = ends if side == "client" else ends[::-1]
    stalled = float(np.nanmax(seen.seconds(f"{side}_stalled_s")[group.mask], initial=0.0))
    how = seen.health.qualifier("retransmission_rate")
    rate = (
        f"{'at least ' if how == 'at least' else ''}{percent(part / whole)}{' as captured' if how == 'unknown' else ''}"
    )
    text = (
        f"{sender} retransmitted {seen.at_least(part)} of {counted(whole, 'data segment')} to {receiver} ({rate})"
        f"{in_all(count, total)}{f'; one waited {seconds(stalled)} for its ACK' if stalled >= STALLED_S else ''}"
        f"{beside}"
    )
    kind = "high_retransmission" if high else "retransmission"
    grave = stalled >= STALLED_S or (high and part >= FEWEST)
    return Found(text, group.mask, rows, group.among, "resent", kind, None if grave else MINOR)


def held_back(seen: Seen, free: Mask) -> Iterator[Found]:
    """Senders that spent most of their busy time limited by the receiver's window, or repairing."""
    if not seen.observed("held_back_transfers") or seen.is_unknown("durations", "retransmissions"):
        return
    mask, rows = seen.places_of("held_back_transfers") & free, seen.rows_of("held_back_transfers")
    for side in SIDES:
        busy, limited, repairing = (
            np.nan_to_num(seen.seconds(f"{side}_{name}")) for name in ("busy_s", "window_limited_s", "repairing_s")
        )
        for group in seen.groups(mask & (busy > 0) & (limited + repairing >= HELD * busy)):
            times_s = {
                "limited by the receiver's window": float(limited[group.mask].sum()),
                "repairing": float(repairing[group.mask].sum()),
            }
            ends = (seen.client_text(group.mask), group.name)
            sender, receiver = ends if side == "client" else ends[::-1]
            how = " and ".join(f"{seconds(time)} {name}" for name, time in times_s.items() if time)
            text = (
                f"{sender} sent to {receiver} for {seconds(float(busy[group.mask].sum()))}, of that {how}"
                f"{in_all(int(group.mask.sum()), int(group.among.sum()))}"
            )
            yield Found(text, group.mask, seen.traffic.within(rows, group.mask), group.among)


def _above(seen: Seen, counts: Array, data: Array, stalled: Array) -> tuple[Mask, Mask]:
    """Tell which servers have enough retransmissions to be named, and which few that are much of their data."""
    number, servers = seen.server_number, seen.server_count
    of_server = np.bincount(number, weights=counts, minlength=servers)
    sent = np.bincount(number, weights=data, minlength=servers)
    few = of_server < FEWEST
    long = np.bincount(number, weights=(counts > 0) & (stalled >= STALLED_S), minlength=servers) > 0
    enough = ((of_server >= RATE * np.maximum(sent, 1)) | long) & ~few
    small = few & (of_server >= 0.1 * np.maximum(sent, 1)) & (of_server > 0)
    return np.asarray(enough, np.bool_), np.asarray(small, np.bool_)
