"""What patterns observe, with the server that they observe it of: waits, silence, odd RSTs and numbers."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from pcapframe.analysis.standouts._seen import Found, Seen, in_all
from pcapframe.arrays import Array, Mask
from pcapframe.wording import agreeing, counted, seconds

__all__ = [
    "SENTENCES", "awaited_acks", "given_up", "slow_handshakes", "slow_round_trips", "slow_servers", "tells",
    "unanswered_requests", "waiting_clients",
]  # fmt: skip

SEVERAL = 3  # waits of a client: one pause is nothing; slow answers of a server, unless they are long ones
LONG_S, FEW_TURNS, MOST_OF = 2.0, 20, 0.6  # of a client's waits that are named
SLOW_S = 0.5  # of a server's slow answers
DELAYED_S, DELAYED_SHARE = 1.0, 0.1  # of late ACKs: all together longer than this, or much of the connections' time
AWAITED, AT_ONCE_S = 0.5, 0.02  # smallest share of late ACKs that the next data follows within this time
PAUSE_S = 0.5  # between messages that no answer follows
UNANSWERED_S, UNANSWERED_SHARE = 1.0, 0.1  # of requests without an answer: longer than this, or many
Numbers = Mapping[str, Any]


def slow_servers(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that took long until the first byte of their responses."""
    numbers = seen.observed("slow_service")
    if not numbers:
        return
    listed = {row["server"]: row for row in numbers["by_server"]}
    rows = seen.rows_of("slow_service")
    to_server_s = seen.seconds("client_ack_rtt_min_s")
    for group in seen.groups(seen.places_of("slow_service") & free):
        row = listed.get(group.name)
        if row is not None and (2 * to_server_s[group.mask] >= row["slow_median_s"]).all():
            continue  # the path took most of it
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
            whose = f", {'all' if row['slow'] > 1 else 'it is'} of" if group.others.any() else " of"
            text = (
                f"{group.name} took {seconds(row['slow_median_s'])}{median} to answer {which}{whose} "
                f"{seen.client_text(group.mask)}{beside}"
            )
        yield Found(text, group.mask, seen.traffic.within(rows, group.mask), group.among)


def waiting_clients(seen: Seen, free: Mask) -> Iterator[Found]:
    """Clients that waited most of the capture's time before they asked; not those that type or browse all the while."""
    numbers = seen.observed("client_waits")
    if not numbers:
        return
    mask = seen.places_of("client_waits") & free & (seen.number("turns") <= FEW_TURNS)
    rows = seen.rows_of("client_waits")
    for group in seen.groups(mask):
        waited = float(np.nansum(seen.seconds("client_wait_s")[group.mask]))
        lasted = float(np.nansum(seen.seconds("duration_s")[group.mask]))
        count, total = int(group.mask.sum()), int(group.among.sum())
        those = seen.traffic.within(rows, group.mask)
        most = np.bincount(seen.traffic.place(those)).max(initial=0)  # waits of one connection
        if count < MOST_OF * total or waited < max(MOST_OF * lasted, LONG_S) or most < SEVERAL:
            continue
        text = (
            f"{seen.client_text(group.mask)} waited {seconds(waited)} of {seconds(lasted)} before asking {group.name}"
            f"{in_all(count, total)}"
        )
        yield Found(text, group.mask, those, group.among)


def given_up(seen: Seen, free: Mask) -> Iterator[Found]:
    """Clients that ended by a RST the wait for a response that never came."""
    by_client = (seen.traffic.connections["reset_by"] == "client").to_numpy(np.bool_, na_value=False)
    free = free & seen.is_in("ending", "reset") & by_client & (seen.each_way("fins") == 0)
    yield from _unanswered(seen, free, "; then {} sent a RST")


def unanswered_requests(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that acknowledged the last request and sent no response, or whose connection went on to another end.

    An open connection of which nothing follows the request shows no more than that its capture ended there.
    """
    yield from _unanswered(seen, free, "")


def _unanswered(seen: Seen, free: Mask, end: str) -> Iterator[Found]:
    numbers = seen.observed("unanswered_requests")
    if not numbers or seen.is_unknown("durations", "directions", "missing_bytes"):
        return
    mask = seen.places_of("unanswered_requests") & free
    if not mask.any():
        return
    everything = seen.traffic.all_rows(mask)
    last = seen.traffic.last_rows(everything)
    asked = np.full(seen.size, -1)
    rows = seen.traffic.within(seen.rows_of("unanswered_requests"), mask)
    np.maximum.at(asked, seen.traffic.place(rows), rows)
    follows = np.maximum(last[::2], last[1::2]) > asked
    mask &= np.where(seen.is_in("ending", "open", "half_closed"), last[::2] > asked, follows)
    waited = {row["conn_id"]: row["waited_s"] for row in numbers["by_connection"]}
    conn_ids = seen.traffic.connections.index.to_numpy()
    asking = seen.number("turns") > 0
    mask &= ~_shut(seen, asked) & ~_streams(seen)
    for group in seen.groups(mask):
        count, total = int(group.mask.sum()), int((group.among & asking).sum())
        longest = max((waited[conn_id] for conn_id in conn_ids[group.mask].tolist() if conn_id in waited), default=0.0)
        if longest < UNANSWERED_S and count < UNANSWERED_SHARE * int(asking.sum()):
            continue
        client = seen.client_text(group.mask)
        text = (
            f"{group.name} did not answer the last request of {client} for {seconds(longest)}"
            f"{' at most' if count > 1 else ''}{in_all(count, total, listed=_all_listed(numbers))}{end.format(client)}"
        )
        yield Found(text, group.mask, seen.traffic.within(rows, group.mask), group.among)


def _streams(seen: Seen) -> Mask:
    """Tell which clients sent now and then, to a server that never sends data: nothing was to be answered."""
    pauses = np.maximum(seen.number("client_data_packets") - 1, 1)
    often = (pauses >= SEVERAL) & (seen.seconds("transfer_s") >= PAUSE_S * pauses)
    return np.asarray(often & (seen.number("server_payload_bytes") == 0), np.bool_)


def _shut(seen: Seen, asked: Array) -> Mask:
    """Tell which servers closed their window after the request: the connection waited for that."""
    rows = seen.traffic.labelled("zero_window")
    rows = rows[~seen.traffic.from_client(rows)]
    shut = np.full(seen.size, -1)
    np.maximum.at(shut, seen.traffic.place(rows), rows)
    return np.asarray(shut > asked, np.bool_)


def _all_listed(numbers: Numbers) -> bool:
    """Whether the connections that a pattern lists are all that it counts."""
    return len(numbers["by_connection"]) == int(numbers["connections"])


def slow_round_trips(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections whose round trips took long, whatever their handshake took."""
    yield from _slow(seen, free, "round_trip_s", "Round trips")


def slow_handshakes(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections whose handshake took far longer than their round trips."""
    yield from _slow(seen, free, "handshake_s", "Handshakes")


def _slow(seen: Seen, free: Mask, name: str, what: str) -> Iterator[Found]:
    numbers = seen.observed("slow_round_trips")
    if not numbers or seen.is_unknown("round_trips"):
        return
    slow = {
        row["conn_id"]: row[name]
        for row in numbers["by_connection"]
        if (2 * (row["round_trip_s"] or 0.0) >= (row["handshake_s"] or 0.0)) == (name == "round_trip_s")
    }
    conn_ids = seen.traffic.connections.index.to_numpy()
    mask = seen.places_of("slow_round_trips") & free & np.isin(conn_ids, list(slow))
    if not mask.any():
        return
    count, longest = int(mask.sum()), max(slow[conn_id] for conn_id in conn_ids[mask].tolist())
    among = seen.among(mask)
    pair = _ends(seen, mask, np.empty(0, np.intp)).pair
    if count == 1:
        what = {"Handshakes": "The handshake"}.get(what, what)
    text = (
        f"{what} of {pair} took {seconds(longest)}{' at most' if count > 1 else ''}"
        f"{in_all(count, int(among.sum()), listed=_all_listed(numbers))}"
    )
    yield Found(text, mask, seen.traffic.within(seen.rows_of("slow_round_trips"), mask), among)


def awaited_acks(seen: Seen, free: Mask) -> Iterator[Found]:
    """Late ACKs that the sender waited for: most of them just before its next data."""
    for event in tells("delayed_answers")(seen, free):
        awaited = _awaited(seen, event.rows, event.mask)
        if awaited < AWAITED * event.rows.size:
            continue
        some = "" if seen.is_cut("delayed_answers") else f"; the next data followed {awaited:,} of these ACKs at once"
        yield event._replace(sentence=event.sentence + some)


def _awaited(seen: Seen, acks: Array, mask: Mask) -> int:
    """Count ACKs after which the peer's next data came at once."""
    every = seen.traffic.by_connection(seen.traffic.all_rows(mask))
    carries = seen.traffic.payload(every.rows) > 0
    from_client = seen.traffic.from_client(every.rows)
    sender = 2 * every.place + from_client
    order = np.lexsort((every.rows[carries], sender[carries]))
    data_rows, data_of = every.rows[carries][order], sender[carries][order]
    if not data_rows.size:  # what is acknowledged late was not captured
        return 0
    peer = 2 * seen.traffic.place(acks) + ~seen.traffic.from_client(acks)
    key = np.int64(every.rows.max(initial=0) + 1)
    at = np.searchsorted(data_of * key + data_rows, peer * key + acks)
    at = np.minimum(at, data_rows.size - 1)
    follows = (data_of[at] == peer) & (data_rows[at] > acks)
    return int(np.count_nonzero(seen.traffic.seconds_between(acks[follows], data_rows[at[follows]]) <= AT_ONCE_S))


def tells(pattern: str) -> Callable[[Seen, Mask], Iterator[Found]]:
    """Return a rule that writes one sentence about all connections that show a pattern."""

    def rule(seen: Seen, free: Mask) -> Iterator[Found]:
        numbers = seen.observed(pattern)
        mask = seen.places_of(pattern)
        if not numbers or not (mask & free).any():
            return
        rows = seen.rows_of(pattern)
        text = SENTENCES[pattern](numbers, _ends(seen, mask, rows[:0] if seen.is_cut(pattern) else rows))
        if text:
            yield Found(text, mask, rows, seen.among(mask))

    return rule


class _Ends(NamedTuple):
    """Client and server of connections as texts, how long these lasted together [s], and who sent what is shown."""

    client: str
    server: str
    lasted_s: float
    senders: str = "both"

    @property
    def sender(self) -> str:
        """Who sent what is shown."""
        return {"client": self.client, "server": self.server}.get(self.senders, f"{self.client} and {self.server}")

    @property
    def receiver(self) -> str:
        """Whom it was sent to."""
        return {"client": self.server, "server": self.client}.get(self.senders, "each other")

    @property
    def way(self) -> str:
        """From whom to whom it was sent."""
        if self.senders == "both":
            return f"between {self.client} and {self.server}"
        return f"from {self.sender} to {self.receiver}"

    @property
    def pair(self) -> str:
        return f"{self.client} to {self.server}"


def _ends(seen: Seen, mask: Mask, rows: Array) -> _Ends:
    servers = np.unique(seen.server_number[mask]).size
    one = seen.traffic.endpoints.server_text(int(np.argmax(mask)))
    lasted = float(np.nansum(seen.seconds("duration_s")[mask]))
    by_client = seen.traffic.from_client(rows)
    senders = "both" if not rows.size or by_client.any() != by_client.all() else "client" if by_client[0] else "server"
    return _Ends(seen.client_text(mask), one if servers == 1 else f"{servers:,} servers", lasted, senders)


def _delayed(numbers: Numbers, ends: _Ends) -> str:
    if numbers["waited_s"] < min(DELAYED_S, DELAYED_SHARE * ends.lasted_s):
        return ""
    return (
        f"{ends.sender} acknowledged data of {ends.receiver} 40 ms or more after it {numbers['delayed']:,} of "
        f"{counted(numbers['measured'], 'time')}, {seconds(numbers['waited_s'])} in all"
    )


def _small_window(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"{numbers['packets']:,} of {counted(numbers['data_packets'], 'data segment')} {ends.way} filled a window of "
        f"{counted(round(numbers['window_median_bytes']), 'byte')}, for {seconds(numbers['lasted_max_s'])}"
    )


def _keep_alives(numbers: Numbers, ends: _Ends) -> str:
    return _probes(numbers, ends, "keep-alive")


def _window_probes(numbers: Numbers, ends: _Ends) -> str:
    return _probes(numbers, ends, "zero-window probe")


def _probes(numbers: Numbers, ends: _Ends, what: str) -> str:
    count = numbers["connections"]
    where = f", in {counted(count, 'connection')}" if count > 1 else ""
    return f"{counted(numbers['unanswered'], what)} {ends.way} stayed without an answer{where}"


def _after_idle(numbers: Numbers, ends: _Ends) -> str:
    failed, first = numbers["answered_by_rst"] + numbers["unanswered"], numbers["first_packets"]
    by_client = numbers["from_client"]
    senders = "client" if by_client == failed else "both" if by_client else "server"
    way = ends._replace(senders=senders).way
    idle = f"after {seconds(numbers['not_survived_shortest_s'])} idle{' or more' if first > 1 else ''}"
    if failed == first == 1:
        how = "answered by a RST" if numbers["answered_by_rst"] else "not answered"
        return f"The first packet {way} {idle} was {how}"
    hows = {"answered by a RST": numbers["answered_by_rst"], "not answered": numbers["unanswered"]}
    which = " and ".join(f"{count:,} {agreeing(count, 'was', 'were')} {name}" for name, count in hows.items() if count)
    return f"Of {counted(first, 'first packet')} {way} {idle}, {which}"


def _reordered(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"{numbers['reordered_segments']:,} of {counted(numbers['segments'], 'segment')} arrived out of order, "
        f"{ends.way}"
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
    which = f"{numbers['rsts']:,} of {counted(numbers['total_rsts'], 'RST')}"
    if numbers["total_rsts"] == 1:
        which = "The only RST"
    return (
        f"{which} {ends.way} "
        f"{agreeing(numbers['rsts'], 'is', 'are')} unlike the other packets of "
        f"{agreeing(numbers['rsts'], 'its', 'their')} sender"
    )


def _unlike_ttl(numbers: Numbers, ends: _Ends) -> str:
    return (
        f"RSTs {ends.way} have another hop limit than the other packets of their sender, "
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
        f"{counted(numbers['packets'], 'SACK')} {ends.way} "
        f"{agreeing(numbers['packets'], 'reports', 'report')} data that was never sent"
    )


def _tsval(numbers: Numbers, ends: _Ends) -> str:
    if numbers["syns_back_unanswered"]:
        return (
            f"{counted(numbers['syns_back_unanswered'], 'SYN')} of {ends.client} to {ends.server} with a timestamp "
            "lower than the one before stayed unanswered"
        )
    return f"Timestamps of {counted(numbers['packets'], 'segment')} {ends.way} went back"


SENTENCES: dict[str, Callable[[Numbers, _Ends], str]] = {
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
