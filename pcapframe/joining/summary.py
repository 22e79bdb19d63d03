"""What stands out in a join, and its counts, as plain objects for terminal, JSON and assistants."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.joining.joined import Joined
from pcapframe.schema import FATES, RST
from pcapframe.wording import agreeing, counted, percent, seconds

__all__ = ["describe_join", "summarise_join"]

SHOWN_RSTS = 3
COPIES = ("identification", "timestamp")  # rules by which a packet is a copy of another
RULES = {
    "nothing_else_missing": "where nothing else of this connection is missing",
    "sender_went_on": "and its sender went on sending",
    "hop_limit": "and its hop limit is unlike that of its sender's other packets",
}


def summarise_join(joined: Joined) -> dict[str, Any]:
    """Sum up a join.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    dict
        For ``json.dumps``: ``stands_out`` (sentences, the most important first), ``notes``, ``points``, ``connections``
        and ``fates`` (transmissions by direction and fate).
    """
    connections, segments = joined.connections, joined.segments
    counts = connections["matched_by"].value_counts()
    return {
        "stands_out": list(describe_join(joined)),
        "notes": list(joined.notes),
        "points": [
            {str(key): _plain(value) for key, value in row.items()}
            | {"capture": joined.analyses[row["name"]].capture.name}
            for row in joined.points.reset_index().to_dict("records")
        ],
        "connections": {
            "common": int(connections["matched_by"].notna().sum()),
            "matched_by": {str(name): int(count) for name, count in counts.items() if count},
            "translated": int(connections["translated"].fillna(False).sum()),
            "rewritten": int(connections["rewritten"].fillna(False).sum()),
            "ambiguous": int(connections["ambiguous"].sum()),
            "only_at": {
                name: int((connections[f"conn_id_{name}"].notna() & connections["matched_by"].isna()).sum())
                for name in joined.names
            },
        },
        "fates": {
            direction: {fate: int((segments["fate"][mask] == fate).sum()) for fate in FATES}
            for direction, mask in _directions(segments)
        },
    }


def _plain(value: Any) -> Any:
    """Return a value that JSON has: null for what is unknown."""
    if isinstance(value, list):  # steps of a clock
        return [[str(at), size] for at, size in value]
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _directions(segments: pd.DataFrame) -> list[tuple[str, Any]]:
    """Return the rows of each direction."""
    forward = segments["from_client"].to_numpy(bool)
    return [("to_server", forward), ("to_client", ~forward)]


def describe_join(joined: Joined) -> Iterator[str]:
    """Say what stands out, the most important first.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Yields
    ------
    str
        One sentence each.
    """
    yield from _on_resets(joined)
    yield from _on_resends(joined)
    yield from _on_losses(joined)
    yield from _on_copies(joined)
    yield from _on_addresses(joined)
    yield from _on_times(joined)
    yield from _on_captures(joined)


def _on_resets(joined: Joined) -> Iterator[str]:
    """Say which RSTs were added on the way."""
    rows = joined.segments
    resets = rows[((rows["tcp_flags"] & RST) != 0) & (rows["fate"] == "added")]
    for _, row in resets.head(SHOWN_RSTS).iterrows():
        place = next(name for name in joined.names if pd.notna(row[f"frame_{name}"]))
        frame, why = int(row[f"frame_{place}"]), RULES.get(str(row["fate_rule"]), "where it is missing")
        yield f"The RST in frame {frame:,} at {place} did not pass {row['first_missing']}, {why}."
    if len(resets) > SHOWN_RSTS:
        yield f"{counted(len(resets) - SHOWN_RSTS, 'more RST')} did not pass the point nearer to the sender."


def _on_resends(joined: Joined) -> Iterator[str]:
    """Say how many retransmissions follow a loss between the points."""
    rows = joined.segments
    resent = np.zeros(len(rows), np.bool_)
    for name in joined.names:
        frame = rows[f"frame_{name}"]
        there = frame.notna().to_numpy()
        told = joined.analyses[name].segments["resent"]
        resent[there] |= told.loc[frame[there].to_numpy(np.int64)].to_numpy()
    again = rows[resent]
    if again.empty:
        return
    keys = ["path_id", "from_client", "rel_seq"]
    lost = rows[rows["fate"] == "lost_between"].drop_duplicates(keys)[keys].assign(row=lambda frame: frame.index)
    found = again[keys].merge(lost, on=keys, how="left")["row"].to_numpy(np.float64)
    follow = int((found < again.index.to_numpy()).sum())
    names = " and ".join(joined.names) if len(joined.names) == 2 else "the points"
    total = counted(len(again), "retransmission")
    yield f"{follow:,} of {total} follow a loss between {names}, {len(again) - follow:,} follow none."


def _on_losses(joined: Joined) -> Iterator[str]:
    """Say how many packets were lost on each leg."""
    rows = joined.segments
    for direction, mask in _directions(rows):
        some = rows[mask]
        lost = some[some["fate"] == "lost_between"]
        legs = lost.groupby(["last_seen", "first_missing"], observed=True).size().sort_values(ascending=False)
        for (here, there), count in legs.items():
            seen = int(some[f"frame_{here}"].notna().sum())
            towards = direction.replace("_", " the ")
            of = f"Of {counted(seen, 'packet')} {towards} at {here}, {count:,} {agreeing(count, 'was', 'were')} lost"
            yield f"{of} before {there} ({percent(count / seen)})."


def _on_copies(joined: Joined) -> Iterator[str]:
    """Say how many packets were copied on the way."""
    rows = joined.segments
    copies = rows[(rows["fate"] == "added") & rows["fate_rule"].isin(COPIES)]
    for direction, mask in _directions(copies):
        for (missing, place), count in (
            copies[mask].groupby(["first_missing", "last_seen"], observed=True).size().items()
        ):
            if missing != place:
                towards = direction.replace("_", " the ")
                are = f"{agreeing(int(count), 'is a', 'are')} {agreeing(int(count), 'copy', 'copies')}"
                yield f"{counted(int(count), 'packet')} {towards} {are} made between {missing} and {place}."


def _on_addresses(joined: Joined) -> Iterator[str]:
    """Say where addresses or numbers are translated."""
    connections = joined.connections
    common = int(connections["matched_by"].notna().sum())
    translated = connections[connections["translated"].fillna(False)]
    if len(translated):
        first, last = joined.names[0], joined.names[-1]
        text = f"{len(translated):,} of {counted(common, 'common connection')} have other addresses or ports at {last}"
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
        yield f"{text}."
    rewritten = int(connections["rewritten"].fillna(False).sum())
    if rewritten:
        yield f"In {rewritten:,} of them sequence numbers or timestamps differ."


def _on_times(joined: Joined) -> Iterator[str]:
    """Say how long the path takes, and how long the host beyond it."""
    order = joined.points["order"]
    if order.isna().any() or joined.segments.empty:
        return
    first, last = str(order.idxmin()), str(order.idxmax())
    point = joined.points.loc[[first, last]]
    width = float((point["offset_high_s"] - point["offset_low_s"]).max())
    passed = joined.segments[joined.segments["delay_s"].notna()]
    for direction, mask in _directions(passed):
        delay = passed["delay_s"][mask]
        if len(delay):
            ends = (first, last) if direction == "to_server" else (last, first)
            yield (
                f"From {ends[0]} to {ends[1]} packets take {seconds(max(float(delay.min()), 0.0))} at least, "
                f"{seconds(float(delay.median()))} in the median, each by up to {seconds(width / 2)} more or less: "
                "the path may be asymmetric."
            )
    both = joined.connections.dropna(subset=[f"conn_id_{first}", f"conn_id_{last}"])
    waits = [
        joined.analyses[name].whole_connections["handshake_rtt_s"].loc[both[f"conn_id_{name}"].astype(int)].to_numpy()
        for name in (first, last)
    ]
    known = ~np.isnan(waits[0]) & ~np.isnan(waits[1])
    if known.any():
        whole, host = (float(np.median(wait[known])) for wait in waits)
        yield (
            f"Of the handshake's round trip at {first}, {seconds(whole)} in the median, {seconds(host)} are spent "
            f"beyond {last}."
        )


def _on_captures(joined: Joined) -> Iterator[str]:
    """Say what captures lack, and what stays open."""
    rows = joined.segments
    missing = rows[rows["fate"] == "not_captured"]
    for name, count in missing["first_missing"].value_counts().items():
        if count:
            yield f"The capture at {name} lacks {counted(int(count), 'packet')} that passed there."
    unknown = int((rows["fate"] == "unknown").sum())
    if unknown:
        yield f"What became of {counted(unknown, 'packet')} is unknown."
    for name in joined.names:
        alone = joined.connections[
            joined.connections[f"conn_id_{name}"].notna() & joined.connections["matched_by"].isna()
        ]
        if len(alone) and joined.connections["matched_by"].notna().any():
            verb = agreeing(len(alone), "is", "are")
            text = f"{counted(len(alone), 'connection')} of {name} {verb} in no other capture"
            unclear = int(alone["ambiguous"].sum())
            yield f"{text}; {unclear:,} of them fit more than one." if unclear else f"{text}."
