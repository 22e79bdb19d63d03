"""What patterns observe, with the server that they observe it of: waits, silence, odd RSTs and numbers."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pcapframe.analysis.standouts._seen import Found, Seen, in_all
from pcapframe.arrays import Mask
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["SENTENCES", "slow_servers", "tells", "waiting_clients"]

LONG_S, FEW_TURNS, MOST_OF = 2.0, 20, 0.6  # of a client's waits that are named
SLOW_S, SEVERAL = 0.5, 3  # of a server's slow answers: long ones, or several
UNANSWERED_S, UNANSWERED_SHARE = 1.0, 0.1  # of requests without an answer: longer than this, or many
Numbers = Mapping[str, Any]


def slow_servers(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that took long until the first byte of their responses."""
    numbers = seen.observed("slow_service")
    if not numbers:
        return
    listed = {row["server"]: row for row in numbers["by_server"]}
    rows = seen.rows_of("slow_service")
    for group in seen.groups(seen.places_of("slow_service") & free):
        row = listed.get(group.name)
        if row is not None and row["slow_median_s"] < SLOW_S and row["slow"] < SEVERAL:
            continue
        if row is None:
            text = (
                f"{group.name} took long to answer {numbers['slow']:,} of {counted(numbers['turns'], 'request')}; the "
                f"most time: {numbers['by_server'][0]['server']}, {seconds(numbers['by_server'][0]['slow_median_s'])} "
                "(median)"
            )
        else:
            trips = row["round_trip_s"]
            beside = f"; its round trip is {seconds(trips)}" if trips is not None else ""
            median = " (median)" if row["slow"] > 1 else ""
            which = f"{row['slow']:,} of {counted(row['turns'], 'request')}" if row["turns"] > 1 else "the only request"
            text = (
                f"{group.name} took {seconds(row['slow_median_s'])}{median} to answer {which} "
                f"of {seen.client_text(group.mask)}{beside}"
            )
        yield Found(text, group.mask, seen.traffic.within(rows, group.mask), group.among)


def waiting_clients(seen: Seen, free: Mask) -> Iterator[Found]:
    """Clients that waited most of the capture's time before they asked; not those that type or browse all the while."""
    numbers = seen.observed("client_waits")
    if not numbers or numbers["longest_s"] < LONG_S:
        return
    mask = seen.places_of("client_waits") & free & (seen.number("turns") <= FEW_TURNS)
    rows = seen.rows_of("client_waits")
    for group in seen.groups(mask):
        waited = float(np.nansum(seen.seconds("client_wait_s")[group.mask]))
        lasted = float(np.nansum(seen.seconds("duration_s")[group.mask]))
        count, total = int(group.mask.sum()), int(group.among.sum())
        if count < MOST_OF * total or waited < MOST_OF * lasted:
            continue
        text = (
            f"{seen.client_text(group.mask)} waited {seconds(waited)} of {seconds(lasted)} before asking {group.name}"
            f"{in_all(count, total)}"
        )
        yield Found(text, group.mask, seen.traffic.within(rows, group.mask), group.among)


def tells(pattern: str) -> Callable[[Seen, Mask], Iterator[Found]]:
    """Return a rule that writes one sentence about all connections that show a pattern."""

    def rule(seen: Seen, free: Mask) -> Iterator[Found]:
        numbers = seen.observed(pattern)
        mask = seen.places_of(pattern)
        if not numbers or not (mask & free).any():
            return
        text = SENTENCES[pattern](numbers, _ends(seen, mask))
        if text:
            among = np.isin(seen.server_number, np.unique(seen.server_number[mask]))
            yield Found(text, mask, seen.rows_of(pattern), among)

    return rule


class _Ends(tuple[str, str]):
    """Client and server of connections as texts."""

    client = property(lambda self: self[0])
    server = property(lambda self: self[1])

    @property
    def pair(self) -> str:
        return f"{self[0]} to {self[1]}"


def _ends(seen: Seen, mask: Mask) -> _Ends:
    servers = np.unique(seen.server_number[mask]).size
    one = seen.traffic.endpoints.server_text(int(np.argmax(mask)))
    return _Ends((seen.client_text(mask), one if servers == 1 else f"{servers:,} servers"))


def _requests(numbers: Numbers, ends: _Ends) -> str:
    count = numbers["connections"]
    if numbers["waited_max_s"] < UNANSWERED_S and count < UNANSWERED_SHARE * numbers["total_connections"]:
        return ""
    return (
        f"{ends.server} did not answer the last request of {ends.client} for {seconds(numbers['waited_max_s'])}"
        f"{' at most' if count > 1 else ''}{in_all(count, numbers['total_connections'])}"
    )


def _round_trips(numbers: Numbers, ends: _Ends) -> str:
    what = "Round trips", numbers["round_trip_max_s"]
    if numbers["handshakes"] and not numbers["round_trips"]:
        what = "Handshakes", numbers["handshake_max_s"]
    return (
        f"{what[0]} of {ends.pair} took {seconds(what[1])}{' at most' if numbers['connections'] > 1 else ''}"
        f"{in_all(numbers['connections'], numbers['timed'])}"
    )


def _delayed(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"ACKs between {ends.client} and {ends.server} came 40 ms or more after the data {numbers['delayed']:,} of "
        f"{counted(numbers['measured'], 'time')}, {seconds(numbers['waited_s'])} in all"
    )


def _small_window(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"{numbers['packets']:,} of {counted(numbers['data_packets'], 'data segment')} between {ends.client} and "
        f"{ends.server} filled a window of {counted(round(numbers['window_median_bytes']), 'byte')}, for "
        f"{seconds(numbers['lasted_max_s'])}"
    )


def _keep_alives(numbers: Numbers, ends: _Ends) -> str:
    return _probes(numbers, ends, "keep-alive")


def _window_probes(numbers: Numbers, ends: _Ends) -> str:
    return _probes(numbers, ends, "zero-window probe")


def _probes(numbers: Numbers, ends: _Ends, what: str) -> str:
    count = numbers["connections"]
    return (
        f"{counted(numbers['unanswered'], what)} between {ends.client} and {ends.server} stayed without an answer"
        f"{in_all(count, count)}"
    )


def _after_idle(numbers: Numbers, ends: _Ends) -> str:
    failed = numbers["answered_by_rst"] + numbers["unanswered"]
    how = {"answered by a RST": numbers["answered_by_rst"], "not answered": numbers["unanswered"]}
    which = " and ".join(f"{count:,} {name}" for name, count in how.items() if count)
    return (
        f"After {seconds(numbers['not_survived_shortest_s'])} idle or more, {failed:,} of "
        f"{counted(numbers['first_packets'], 'first packet')} between {ends.client} and {ends.server}: {which}"
    )


def _reordered(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"{numbers['reordered_segments']:,} of {counted(numbers['segments'], 'segment')} between {ends.client} and "
        f"{ends.server} arrived out of order"
    )


def _icmp(numbers: Numbers, ends: _Ends) -> str:
    name = next(iter(numbers["by_error"]))
    name += f" and {counted(numbers['kinds'] - 1, 'other kind')}" if numbers["kinds"] > 1 else ""
    source = next(iter(numbers["by_source"]))
    sources = f"{source}" if numbers["sources"] == 1 else f"{numbers['sources']:,} sources"
    mtu = numbers["smallest_mtu_bytes"]
    return (
        f"{sources} sent {counted(numbers['errors'], 'ICMP error')} about {ends.pair} ({name}"
        f"{f', MTU {mtu:,}' if mtu else ''}){in_all(numbers['connections'], numbers['total_connections'])}"
    )


def _outliers(numbers: Numbers, ends: _Ends) -> str:
    if not numbers["slower"]:
        return ""
    slowest = max(numbers["outliers"], key=lambda row: row["handshake_s"])
    return (
        f"{numbers['slower']:,} of {counted(numbers['handshakes'], 'handshake')} with {ends.server} took far longer "
        f"than the others, up to {seconds(slowest['handshake_s'])}"
    )


def _unlike_peer(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"{numbers['rsts']:,} of {counted(numbers['total_rsts'], 'RST')} between {ends.client} and {ends.server} "
        f"{agreeing(numbers['rsts'], 'is', 'are')} unlike the other packets of "
        f"{agreeing(numbers['rsts'], 'its', 'their')} sender"
    )


def _unlike_ttl(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"RSTs between {ends.client} and {ends.server} have another hop limit than the other packets of their sender, "
        f"in {counted(numbers['connections'], 'connection')}"
    )


def _syn_acks(numbers: Numbers, ends: _Ends) -> str:
    kinds = ", ".join(name.replace("_", " ") for name, count in numbers["differs_in"].items() if count)
    return (
        f"{ends.server} answered a handshake of {ends.client} with SYN-ACKs that differ ({kinds})"
        f"{in_all(numbers['connections'], numbers['connections_with_several'])}"
    )


def _sacks(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"{counted(numbers['packets'], 'SACK')} between {ends.client} and {ends.server} "
        f"{agreeing(numbers['packets'], 'reports', 'report')} data that was never sent"
    )


def _tsval(numbers: Numbers, ends: _Ends) -> str:
    if numbers["syns_back_unanswered"]:
        return (
            f"{counted(numbers['syns_back_unanswered'], 'SYN')} of {ends.client} to {ends.server} with a timestamp "
            "lower than the one before stayed unanswered"
        )
    return f"Timestamps of {counted(numbers['packets'], 'segment')} between {ends.client} and {ends.server} went back"


SENTENCES: dict[str, Callable[[Numbers, _Ends], str]] = {
    "unanswered_requests": _requests,
    "slow_round_trips": _round_trips,
    "delayed_answers": _delayed,
    "small_window": _small_window,
    "keep_alives_unanswered": _keep_alives,
    "window_probes_unanswered": _window_probes,
    "first_after_idle": _after_idle,
    "out_of_order_share": _reordered,
    "icmp_errors": _icmp,
    "handshake_time_outliers": _outliers,
    "rst_unlike_peer": _unlike_peer,
    "rst_unlike_ttl": _unlike_ttl,
    "differing_syn_acks": _syn_acks,
    "sack_beyond_sent": _sacks,
    "tsval_back": _tsval,
}
