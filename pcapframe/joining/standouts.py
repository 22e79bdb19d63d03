"""What stands out in a join: RSTs added on the way, retransmissions and losses, copies, translated addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.display_filters import captured_frames, frame_filter
from pcapframe.patterns import Evidence
from pcapframe.schema import RST, SYN
from pcapframe.wording import agreeing, counted, percent

if TYPE_CHECKING:
    from pcapframe.joining.joined import Joined

__all__ = ["TOWARDS", "JoinStandout", "by_direction", "find_join_standouts", "is_resent"]

LISTED = 100  # frames and connections of evidence
SHOWN_RSTS = 3
COPIES = ("identification", "timestamp", "copy")  # rules by which a packet is a copy of another
RULES = {
    "nothing_else_missing": "where nothing else of this connection is missing",
    "sender_went_on": "and its sender went on sending",
    "hop_limit": "and its hop limit is unlike that of its sender's other packets",
}
TOWARDS = {True: "to the server", False: "to the client"}


@dataclass(frozen=True)
class JoinStandout:
    """Something that only captures at several points can tell: one sentence, never why.

    Parameters
    ----------
    kind : str
        ``added_rsts``, ``lost_handshakes``, ``lost_rsts``, ``resends``, ``losses``, ``copies``, ``translated``,
        ``rewritten`` or ``clock_steps``.
    sentence : str
        How many of how many, and between which points.
    connections : int
        How many connections show it.
    evidence : dict of Evidence
        By point, its frames there; without points that have none.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("losses.pcap"), "there": pf.example("losses.pcap")})
    >>> find_join_standouts(same)
    ()
    """

    kind: str
    sentence: str
    connections: int
    evidence: dict[str, Evidence]

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            The fields by name, the evidence of each point as its dict.
        """
        return {**vars(self), "evidence": {name: one.to_dict() for name, one in self.evidence.items()}}


def find_join_standouts(joined: "Joined") -> tuple[JoinStandout, ...]:
    """Find what stands out, the most important first: what ended connections, what slowed them, what differs.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    tuple of JoinStandout
        Empty where the points have the same packets.
    """
    rules = (_added_rsts, _lost_openings, _lost_rsts, _resends, _losses, _copies, _translated, _clock_steps)
    return tuple(seen for rule in rules for seen in rule(joined))


def by_direction(segments: pd.DataFrame) -> dict[bool, Mask]:
    """Return the rows of each direction: True to the server, False to the client."""
    forward = segments["from_client"].to_numpy(bool)
    return {True: forward, False: ~forward}


def _standout(joined: "Joined", kind: str, sentence: str, rows: pd.DataFrame) -> JoinStandout:
    """Make a standout of transmissions."""
    evidence = {}
    for name in joined.names:
        segments = joined.analyses[name].segments
        frames = np.unique(rows[f"frame_{name}"].dropna().to_numpy(np.int64))
        if not frames.size:
            continue
        listed = captured_frames(segments, frames[:LISTED].tolist())
        conn = segments["conn_id"].loc[frames].drop_duplicates()
        evidence[name] = Evidence(
            tuple(conn[:LISTED].tolist()), len(conn), tuple(map(int, listed)), int(frames.size), frame_filter(listed)
        )
    return JoinStandout(kind, sentence, int(rows["path_id"].nunique()), evidence)


def _added_rsts(joined: "Joined") -> Iterator[JoinStandout]:
    """Say which RSTs were added on the way: each one if they are few."""
    rows = joined.segments
    is_copy = rows["fate_rule"].isin(COPIES)
    resets = rows[((rows["tcp_flags"] & RST) != 0) & (rows["fate"] == "added") & ~is_copy]
    if len(resets) <= SHOWN_RSTS:
        for number, row in resets.iterrows():
            at = next(name for name in joined.names if pd.notna(row[f"frame_{name}"]))
            why = RULES.get(str(row["fate_rule"]), "where it is missing")
            text = f"The RST in frame {int(row[f'frame_{at}']):,} at {at} did not pass {row['first_missing']}, "
            yield _standout(joined, "added_rsts", f"{text}{why}.", resets.loc[[number]])
        return
    for (place, missing), some in resets.groupby(["last_seen", "first_missing"], observed=True):
        rules = some["fate_rule"].unique()
        why = RULES.get(str(rules[0]), "") if len(rules) == 1 else ""
        why = why.replace("its sender", "their senders").replace("its hop limit is", "their hop limits are")
        why = why.replace("this connection", "these connections")
        among = counted(int(some["path_id"].nunique()), "connection")
        text = f"{counted(len(some), 'RST')} of {among} at {place} did not pass {missing}{', ' if why else ''}{why}."
        yield _standout(joined, "added_rsts", text, some)


def _lost_openings(joined: "Joined") -> Iterator[JoinStandout]:
    """Say how many SYNs and SYN-ACKs were lost."""
    rows = joined.segments
    lost = rows[((rows["tcp_flags"] & SYN) != 0) & (rows["fate"] == "lost_between")]
    for forward, mask in by_direction(lost).items():
        for (here, there), some in lost[mask].groupby(["last_seen", "first_missing"], observed=True):
            what = counted(len(some), "SYN" if forward else "SYN-ACK")
            among = counted(int(some["path_id"].nunique()), "connection")
            text = f"{what} of {among} {agreeing(len(some), 'was', 'were')} lost between {here} and {there}."
            yield _standout(joined, "lost_handshakes", text, some)


def _lost_rsts(joined: "Joined") -> Iterator[JoinStandout]:
    """Say which RSTs did not arrive."""
    rows = joined.segments
    lost = rows[((rows["tcp_flags"] & RST) != 0) & (rows["fate"] == "lost_between")]
    for (here, there), some in lost.groupby(["last_seen", "first_missing"], observed=True):
        text = f"{counted(len(some), 'RST')} {agreeing(len(some), 'was', 'were')} lost between {here} and {there}."
        yield _standout(joined, "lost_rsts", text, some)


def is_resent(joined: "Joined") -> Mask:
    """Tell which transmissions were sent again, as any of the captures shows.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    ndarray of bool
        By row of ``joined.segments``.
    """
    rows = joined.segments
    resent = np.zeros(len(rows), np.bool_)
    for name in joined.names:
        frame = rows[f"frame_{name}"]
        there = frame.notna().to_numpy()
        told = joined.analyses[name].segments["resent"]
        resent[there] |= told.loc[frame[there].to_numpy(np.int64)].to_numpy()
    return resent


def _resends(joined: "Joined") -> Iterator[JoinStandout]:
    """Say how many retransmissions follow a loss between the points."""
    rows = joined.segments
    again = rows[is_resent(joined)]
    if again.empty or joined.points["order"].notna().sum() < 2:  # nothing is between points in one place
        return
    keys = ["path_id", "from_client", "rel_seq"]
    lost = rows[rows["fate"] == "lost_between"].drop_duplicates(keys)[keys].assign(row=lambda frame: frame.index)
    found = again[keys].merge(lost, on=keys, how="left")["row"].to_numpy(np.float64)
    follow = int((found < again.index.to_numpy()).sum())
    others = len(again) - follow
    names = " and ".join(joined.names) if len(joined.names) == 2 else "the points"
    total = counted(len(again), "retransmission")
    text = f"{follow:,} of {total} {agreeing(follow, 'follows', 'follow')} a loss between {names}"
    rest = f", {others:,} {agreeing(others, 'follows', 'follow')} none" if others else ""
    yield _standout(joined, "resends", f"{text}{rest}.", again)


def _losses(joined: "Joined") -> Iterator[JoinStandout]:
    """Say how many packets were lost on each leg."""
    rows = joined.segments
    for forward, mask in by_direction(rows).items():
        some = rows[mask]
        lost = some[some["fate"] == "lost_between"]
        legs = lost.groupby(["last_seen", "first_missing"], observed=True)
        for (here, there), own in sorted(legs, key=lambda leg: -len(leg[1])):
            seen = int(some[f"frame_{here}"].notna().sum())
            of = f"{len(own):,} of {counted(seen, 'packet')} {TOWARDS[forward]} at {here}"
            text = f"{of} {agreeing(len(own), 'was', 'were')} lost before {there} ({percent(len(own) / seen)})."
            yield _standout(joined, "losses", text, own)


def _copies(joined: "Joined") -> Iterator[JoinStandout]:
    """Say how many packets were copied on the way."""
    rows = joined.segments
    copies = rows[(rows["fate"] == "added") & rows["fate_rule"].isin(COPIES)]
    ends = copies[["first_missing", "last_seen"]].astype(object).to_numpy()
    names = joined.names
    legs = [tuple(sorted(leg, key=names.index)) for leg in ends.tolist()]
    for (here, there), some in copies.groupby(pd.Series(legs, copies.index, dtype=object)):
        if here == there:
            continue
        each = {TOWARDS[forward]: int(mask.sum()) for forward, mask in by_direction(some).items() if mask.any()}
        (first, count), *rest = each.items()
        text = f"{counted(count, 'packet')} {first}{''.join(f' and {more:,} {way}' for way, more in rest)}"
        are = agreeing(len(some), "is a copy", "are copies")
        leg = f"between {here} and {there}" if len(names) > 2 else "on the way"
        yield _standout(joined, "copies", f"{text} {are} made {leg}.", some)


def _translated(joined: "Joined") -> Iterator[JoinStandout]:
    """Say where addresses or numbers are translated."""
    connections = joined.connections
    common = int(connections["matched_by"].notna().sum())
    translated = connections[connections["translated"].fillna(False)]
    if len(translated):
        first, last = joined.names[0], joined.names[-1]
        have = agreeing(len(translated), "has", "have")
        text = (
            f"{len(translated):,} of {counted(common, 'common connection')} {have} other addresses or ports at {last}"
        )
        row = translated.iloc[0]
        if pd.notna(row[f"conn_id_{first}"]) and pd.notna(row[f"conn_id_{last}"]):
            ends = [joined.analyses[name].whole_connections.loc[int(row[f"conn_id_{name}"])] for name in (first, last)]
            shown = [
                f"{one[side]} port {one[f'{side}_port']} is {other[side]} port {other[f'{side}_port']} there"
                for one, other in [ends]
                for side in ("client", "server")
                if (one[side], one[f"{side}_port"]) != (other[side], other[f"{side}_port"])
            ]
            text += ": " + ", ".join(shown)
        yield JoinStandout("translated", f"{text}.", len(translated), {})
    rewritten = int(connections["rewritten"].fillna(False).sum())
    if rewritten:
        text = f"Sequence numbers or timestamps differ in {rewritten:,} of {counted(common, 'common connection')}."
        yield JoinStandout("rewritten", text, rewritten, {})


def _clock_steps(joined: "Joined") -> Iterator[JoinStandout]:
    """Say when clocks were set."""
    for name, steps in joined.points["steps"].items():
        if steps:
            at, size = max(steps, key=lambda step: abs(step[1]))
            largest = f"the largest by {size:+.3f} s at {at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
            text = f"The clock of {name} was set {counted(len(steps), 'time')} against that of {joined.names[0]}"
            yield JoinStandout("clock_steps", f"{text}, {largest} UTC.", 0, {})
