"""Connections that a RST ended."""

from collections.abc import Iterator

import numpy as np

from pcapframe.analysis.standouts._seen import Found, Group, Seen
from pcapframe.arrays import Array, Mask
from pcapframe.wording import agreeing, counted, seconds

__all__ = [
    "AFTER_FIN", "closed_without_data", "reset", "reset_after_fin", "reset_at_same_age", "reset_at_same_idle_time",
]  # fmt: skip

LEAST = 0.1  # smallest share of a server's connections
FEWEST, MOST_OF = 3, 0.5  # of a client's connections to a server, where that share is not reached
HALF = 32  # bits of half a word
AFTER_FIN = 0.25  # weight of a RST after a FIN, which ends what was ending
SIDES = ("client", "server")
STRONG = "strong_rst_asymmetry"


def reset_at_same_idle_time(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections reset after the same idle time."""
    yield from _at_same(seen, free, "rst_at_same_idle_time", "idle", "after {} idle")


def reset_at_same_age(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections reset at the same age."""
    yield from _at_same(seen, free, "rst_at_same_age", "age", "at an age of {}")


def _at_same(seen: Seen, free: Mask, pattern: str, what: str, how: str) -> Iterator[Found]:
    numbers = seen.observed(pattern)
    mask = seen.places_of(pattern)
    if not numbers or not (mask & free).any():
        return
    count = numbers["connections"]
    low, high = numbers[f"{what}_min_s"], numbers[f"{what}_max_s"]
    servers = np.unique(seen.server_number[mask])
    where = seen.traffic.endpoints.server_text(int(np.argmax(mask)))
    where = where if servers.size == 1 else counted(servers.size, "server")
    among = seen.among(mask)
    which, client = seen.which(mask, among), seen.client_text(mask)
    shortest, longest = seconds(low), seconds(high)
    when = how.format(shortest if shortest == longest else f"{shortest} to {longest}")
    text = f"{where} reset {which} from {client} {when}"
    if count == numbers["rst_to_server"]:
        text = f"{client} reset {which} to {where} {when}"
    elif count != numbers["rst_from_server"]:
        text = f"Either side reset {which} of {client} to {where} {when}"
    yield Found(text, mask, seen.rows_of(pattern), among, "rst")


def reset(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections that the server or the client reset after the handshake, neither having sent a FIN."""
    mask = free & _resets(seen)
    if not mask.any():
        return
    alone = mask & (seen.each_way("packets") == seen.each_way("rsts"))
    yield from _alone(seen, alone)
    mask &= ~alone & (seen.each_way("fins") == 0)
    reset_by = seen.traffic.connections["reset_by"].astype(object).to_numpy()
    for side in (*SIDES[::-1], "both"):
        yield from _of_side(seen, _often(seen, mask & (reset_by == side)), side, "")


def reset_after_fin(seen: Seen, free: Mask) -> Iterator[Found]:
    """Connections that one side had begun to close, and a RST ended."""
    mask = free & _resets(seen) & (seen.each_way("fins") > 0)
    if not mask.any():
        return
    reset_by = seen.traffic.connections["reset_by"].astype(object).to_numpy()
    mask &= ~_ordinary(seen, mask, reset_by)
    fins = {side: seen.number(f"{side}_fins") > 0 for side in SIDES}
    for side, peer in (("server", "client"), ("client", "server")):
        of_side = mask & (reset_by == side)
        yield from _of_side(seen, _often(seen, of_side & fins[side]), side, side)
        yield from _of_side(seen, _often(seen, of_side & ~fins[side]), side, peer)
    yield from _of_side(seen, _often(seen, mask & (reset_by == "both")), "both", "both")


def closed_without_data(seen: Seen, free: Mask) -> Iterator[Found]:
    """Servers that closed connections first, with nothing sent either way."""
    mask = free & seen.is_in("handshake", "complete") & seen.is_in("ending", "fin", "half_closed")
    mask &= (seen.each_way("payload_bytes") == 0) & (seen.each_way("gap_bytes") == 0)
    if not mask.any():
        return
    fins = seen.traffic.flagged("FIN", within=mask)
    first = np.full(seen.size, -1)
    first[fins.place[::-1]] = fins.rows[::-1]  # the last assignment wins
    mask &= first >= 0
    mask[mask] = ~seen.traffic.from_client(first[mask])
    for group in seen.groups(_often(seen, mask)):
        which = seen.which(group.mask, group.among)
        text = f"{group.name} closed {which} from {seen.client_text(group.mask)} before any data"
        yield Found(text + _lasted(seen, group.mask), group.mask, np.sort(first[group.mask]), group.among)


def _resets(seen: Seen) -> Mask:
    """Tell which connections a RST ended that a handshake had opened, as far as the capture shows."""
    return np.asarray(
        seen.is_in("ending", "reset") & ~seen.is_in("handshake", "refused", "aborted", "unanswered"), np.bool_
    )


def _often(seen: Seen, mask: Mask) -> Mask:
    """Return the connections of servers, or of clients with one server, that show it in enough of theirs."""
    of_server = np.bincount(seen.server_number, weights=mask)[seen.server_number] >= LEAST * seen.server_sizes
    if of_server[mask].all():
        return mask
    pair = np.unique(seen.server_number << HALF | seen.traffic.endpoints.client >> 16, return_inverse=True)[1]
    count = np.bincount(pair, weights=mask)
    of_client = (count >= FEWEST) & (count >= MOST_OF * np.bincount(pair))
    return np.asarray(mask & (of_server | of_client[pair]), np.bool_)


def _ordinary(seen: Seen, mask: Mask, reset_by: Array) -> Mask:
    """Tell which connections had ended: a side sent RSTs after its own FIN, and the server's met no further data.

    A client that closes answers whatever still arrives with a RST.
    """
    fins = {side: seen.number(f"{side}_fins") > 0 for side in SIDES}
    own = ((reset_by == "client") & fins["client"]) | ((reset_by == "server") & fins["server"])
    ended = mask & (own | ((reset_by == "both") & fins["client"] & fins["server"]))
    met = ended & (reset_by == "server")
    if met.any():
        rows = seen.traffic.all_rows(met)
        by_server = ~seen.traffic.from_client(rows.rows)
        fin = np.full(seen.size, np.iinfo(np.int64).max)
        closes = by_server & seen.traffic.has_flag(rows.rows, "FIN")
        np.minimum.at(fin, rows.place[closes], rows.rows[closes])
        late = ~by_server & (seen.traffic.payload(rows.rows) > 0) & (rows.rows > fin[rows.place])
        ended[rows.place[late]] = False
    return np.asarray(ended, np.bool_)


def _alone(seen: Seen, mask: Mask) -> Iterator[Found]:
    """RSTs of connections of which the capture has nothing else."""
    for group in seen.groups(mask):
        rows, count = _first_resets(seen, group.mask), int(group.mask.sum())
        text = (
            f"{counted(rows.size, 'RST')} between {seen.client_text(group.mask)} and {group.name}, in "
            f"{counted(count, 'connection')} of which the capture has no other packet"
        )
        yield Found(text, group.mask, rows, group.among, "rst", weight=AFTER_FIN)


def _of_side(seen: Seen, mask: Mask, side: str, whose: str) -> Iterator[Found]:
    """Write the RSTs of one side, after the FIN of `whose` side."""
    for group in seen.groups(mask):
        rows = _first_resets(seen, group.mask)
        client = seen.client_text(group.mask)
        when = _after_fin(seen, group, side, whose) if whose else _phase(seen, group.mask)
        which = seen.which(group.mask, group.among)
        if side == "server":
            text = f"{group.name} reset {which} from {client} {when}"
        elif side == "client":
            text = f"{client} reset {which} to {group.name} {when}"
        else:
            text = f"Both sides reset {which} of {client} to {group.name} {when}"
        text += _lasted(seen, group.mask) + _unlike(seen, group.mask)
        yield Found(text, group.mask, rows, group.among, "rst", _kind(seen, group.mask))


def _after_fin(seen: Seen, group: Group, side: str, whose: str) -> str:
    """Say whose FIN came before the RSTs."""
    if side == "both":
        return "after a FIN"
    if side == whose == "server":
        return f"after its own FIN, when {seen.client_text(group.mask)} sent more data"
    return f"after the {whose}'s FIN"


def _kind(seen: Seen, mask: Mask) -> str:
    """Name it by the asymmetry where it shows most of that."""
    numbers = seen.observed("rst_directional_asymmetry")
    if not numbers or 0.1 <= numbers["ratio"] <= 0.9:
        return ""
    return STRONG if 2 * np.count_nonzero(mask) >= numbers["affected_connections_total"] else ""


def _first_resets(seen: Seen, mask: Mask) -> Array:
    return np.sort(seen.traffic.flagged("RST", within=mask).rows)


def _phase(seen: Seen, mask: Mask) -> str:
    """Say what had been exchanged before most of the RSTs."""
    carried = seen.each_way("payload_bytes")[mask] > 0
    if carried.all() or 2 * np.count_nonzero(carried) > carried.size:
        answered = (seen.number("server_payload_bytes") > 0) | (seen.each_way("gap_bytes") > 0)
        other = answered | ~seen.is_in("handshake", "complete")
        return "after data" if other[mask].any() else "after data from the client alone"
    return "before any data"


def _lasted(seen: Seen, mask: Mask) -> str:
    """Say how long the connections lasted."""
    lasted = seen.seconds("duration_s")[mask]
    lasted = lasted[~np.isnan(lasted)]
    if not lasted.size:
        return ""
    when = " after it began" if lasted.size == 1 else " (median) after they began"
    return f", {seconds(float(np.median(lasted)))}{when}"


def _unlike(seen: Seen, mask: Mask) -> str:
    """Say how many RSTs are unlike the other packets of their sender."""
    rows = seen.traffic.within(seen.rows_of("rst_unlike_peer"), mask)
    if not rows.size:
        return ""
    return f"; {counted(rows.size, 'RST')} unlike the other packets of {agreeing(rows.size, 'its', 'their')} sender"
