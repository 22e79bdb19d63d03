"""Who spoke and who did not: late greetings, connections without data, TLS alerts, closes instead of a response."""

from collections.abc import Iterator

import numpy as np

from pcapframe.analysis.standouts._seen import Found, Group, Seen
from pcapframe.arrays import Array, Mask
from pcapframe.patterns import Rows
from pcapframe.wording import counted, seconds

__all__ = ["alerts", "closed_without_response", "late_greetings", "one_slow_answer", "without_data"]

GREETING_S, ROUND_TRIPS = 1.0, 5  # shortest time until a greeting that is named
SILENT_S, MOST_OF = 2.0, 0.5  # shortest connections without data that are named, if they are most of the server's
ONE_S, TIMES = 3.0, 20  # shortest answer that is named alone, and beside the median of its connection
FEW = 12  # segments with payload of a client whose handshake ended early
CLEAR, SEALED = 7, (24, 30)  # bytes of a TLS alert: in the clear; in TLS 1.3, alone and after a ChangeCipherSpec


class _Carrying:
    """The segments with payload of some connections, grouped by connection."""

    def __init__(self, seen: Seen, mask: Mask) -> None:
        every = seen.traffic.all_rows(mask)
        carries = seen.traffic.payload(every.rows) > 0
        some = seen.traffic.by_connection(Rows(every.rows[carries], every.place[carries]))
        self.rows, self.place = some.rows, some.place
        self.by_client = seen.traffic.from_client(self.rows)

    def first(self, which: Mask, size: int) -> Array:
        """Return the first row of some of them by connection, -1 for none."""
        found = np.full(size, -1)
        found[self.place[which][::-1]] = self.rows[which][::-1]  # the last assignment wins
        return found


def alerts(seen: Seen, free: Mask) -> Iterator[Found]:
    """TLS handshakes that ended with so few bytes as an alert has."""
    mask = free & (seen.traffic.connections["application"] == "tls").to_numpy(np.bool_, na_value=False)
    mask &= seen.each_way("gap_bytes") == 0
    mask &= (seen.number("client_data_packets") > 0) & (seen.number("server_data_packets") > 0)
    if not mask.any():
        return
    by_server = mask & (seen.number("server_payload_bytes") == CLEAR)
    for group in seen.groups(by_server):
        rows = _Carrying(seen, group.mask)
        which = seen.which(group.mask, group.among)
        client = seen.client_text(group.mask)
        what = f"{CLEAR} bytes, the size of an alert, in {which}"
        text = f"{group.name} answered the TLS ClientHello of {client} with {what}"
        yield Found(text, group.mask, np.sort(rows.rows[~rows.by_client]), group.among)
    mask &= ~by_server & (seen.number("client_data_packets") < FEW)
    yield from _of_clients(seen, mask) if mask.any() else ()


def _of_clients(seen: Seen, mask: Mask) -> Iterator[Found]:
    """Clients that answered what followed the ServerHello with an alert, and nothing else."""
    data = _Carrying(seen, mask)
    answered = data.first(~data.by_client, seen.size)
    after = data.by_client & (data.rows > answered[data.place]) & (answered[data.place] >= 0)
    count = np.bincount(data.place[after], minlength=seen.size)
    answer = data.first(after, seen.size)
    size = np.zeros(seen.size, np.int64)
    size[answer >= 0] = seen.traffic.payload(answer[answer >= 0])
    last = np.zeros(seen.size, np.int64)
    last[data.place] = data.rows  # the last assignment wins
    ends = mask & (count == 1) & (last == answer)
    for sizes, what in (((CLEAR,), "an alert"), (SEALED, "an encrypted alert")):
        for group in seen.groups(ends & np.isin(size, sizes)):
            text = (
                f"{seen.client_text(group.mask)} answered the TLS ServerHello of {group.name} with "
                f"{int(size[group.mask].max())} bytes, the size of {what}, in {seen.which(group.mask, group.among)}"
            )
            yield Found(text, group.mask, np.sort(answer[group.mask]), group.among)


def late_greetings(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that speak first, and took long to."""
    if seen.is_unknown("durations", "directions"):
        return
    greeting = np.nan_to_num(seen.seconds("greeting_s"))
    mask = free & (greeting >= GREETING_S) & seen.is_in("handshake", "complete")
    mask &= seen.each_way("gap_bytes") == 0
    if not mask.any():
        return
    data = _Carrying(seen, mask)
    first = data.first(~data.by_client, seen.size)
    mask &= first >= 0
    waited = np.zeros(seen.size)
    places = np.flatnonzero(mask)
    since = seen.traffic.time_ns(first[places]) - seen.traffic.start_ns[places]
    waited[places] = since / 1e9 - np.nan_to_num(seen.seconds("handshake_s")[places])
    trip = np.nan_to_num(seen.seconds("handshake_rtt_s"))
    mask &= (waited >= GREETING_S) & (waited >= ROUND_TRIPS * trip)
    for group in seen.groups(mask):
        median = f"{seconds(float(np.median(waited[group.mask])))}{_median(group)}"
        text = (
            f"{group.name} sent its first data {median} after the handshake, before any request, in "
            f"{seen.which(group.mask, group.among)} from {seen.client_text(group.mask)}"
        )
        yield Found(text, group.mask, np.sort(first[group.mask]), group.among)


def without_data(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers most of whose connections stayed open without any data, and were not reset."""
    if seen.is_unknown("durations"):
        return
    mask = free & seen.is_in("handshake", "complete") & ~seen.is_in("ending", "reset")
    mask &= (seen.each_way("payload_bytes") == 0) & (seen.each_way("gap_bytes") == 0)
    is_open = seen.is_in("ending", "open")
    lasted = seen.seconds("duration_s")  # of an open one, to its last keep-alive: after that anything may be missing
    mask &= lasted >= SILENT_S
    for group in seen.groups(mask):
        if group.mask.sum() < MOST_OF * group.among.sum():
            continue
        left = int(np.count_nonzero(is_open & group.mask))
        ended = "" if left == group.mask.sum() else f"; {left:,} still open" if left else "; closed by FIN"
        which = seen.which(group.mask, group.among)
        text = (
            f"{seen.client_text(group.mask)} and {group.name} exchanged no data in {which}, "
            f"open for {seconds(float(np.median(lasted[group.mask])))}{_median(group)}{ended}"
        )
        begins = seen.traffic.flagged("SYN", within=group.mask).rows
        yield Found(text, group.mask, begins, group.among, "any syn")


def closed_without_response(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that closed by FIN after the only requests of a connection, with no response to any."""
    turns = seen.number("turns")
    mask = free & (turns > 0) & (turns == seen.number("unanswered_turns")) & (seen.each_way("gap_bytes") == 0)
    mask &= seen.is_in("ending", "fin", "half_closed") & seen.is_in("handshake", "complete")
    if not mask.any() or seen.is_unknown("missing_bytes", "directions"):
        return
    mask &= (seen.traffic.connections["first_fin_by"] == "server").to_numpy(np.bool_, na_value=False)
    fins = seen.traffic.flagged("FIN", within=mask)
    by_server = ~seen.traffic.from_client(fins.rows)
    fin = np.full(seen.size, -1)
    fin[fins.place[by_server][::-1]] = fins.rows[by_server][::-1]  # the last assignment wins
    data = _Carrying(seen, mask)
    last = np.full(seen.size, np.iinfo(np.int64).max)
    last[data.place] = data.rows  # the last assignment wins
    mask &= fin > last  # a request that met the FIN on its way says nothing
    for group in seen.groups(mask):
        text = (
            f"{group.name} closed {seen.which(group.mask, group.among)} from {seen.client_text(group.mask)} "
            "after a request, without a response"
        )
        yield Found(text, group.mask, np.sort(fin[group.mask]), group.among)


def one_slow_answer(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections one answer of which took far longer than the others, too few to make the server slow."""
    if seen.is_unknown("durations", "directions"):
        return
    longest, median = seen.seconds("service_max_s"), seen.seconds("service_median_s")
    mask = free & (seen.number("service_turns") > 1) & (np.nan_to_num(longest) >= ONE_S) & (longest >= TIMES * median)
    if not mask.any():
        return
    data = _Carrying(seen, mask)
    answers = np.flatnonzero(~data.by_client[1:] & data.by_client[:-1] & (data.place[1:] == data.place[:-1])) + 1
    waited = seen.traffic.seconds_between(data.rows[answers - 1], data.rows[answers])
    late = answers[waited >= np.maximum(ONE_S, TIMES * median[data.place[answers]])]
    took = seen.traffic.seconds_between(data.rows[late - 1], data.rows[late])
    number = np.bincount(data.place[late], minlength=seen.size)
    for group in seen.groups(mask & (number > 0)):
        own = group.mask[data.place[late]]
        count, total = int(np.count_nonzero(own)), int(seen.number("service_turns")[group.among].sum())
        most = " at most" if count > 1 else ""
        text = (
            f"{group.name} took {seconds(float(took[own].max()))}{most} to answer {count:,} of "
            f"{counted(total, 'request')} of {seen.client_text(group.mask)}; the median is "
            f"{seconds(float(np.median(median[group.mask])))}"
        )
        rows = np.unique(np.concatenate([data.rows[late[own] - 1], data.rows[late[own]]]))
        yield Found(text, group.mask, rows, group.among)


def _median(group: Group) -> str:
    return " (median)" if np.count_nonzero(group.mask) > 1 else ""
