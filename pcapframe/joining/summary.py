"""A join summed up: what stands out, the path and the clocks in sentences, and counts, as plain objects."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.joining.joined import Joined
from pcapframe.joining.standouts import TOWARDS, by_direction, find_join_standouts
from pcapframe.schema import FATES
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["DIRECTIONS", "describe_path", "summarise_join"]

DIRECTIONS = {True: "to_server", False: "to_client"}


def summarise_join(joined: Joined) -> dict[str, Any]:
    """Sum up a join.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    dict
        For ``json.dumps``: ``standouts`` (the most important first, each with its frames at every point), ``path``
        (sentences on delays, clocks and what the captures lack), ``notes``, ``points``, ``connections`` and ``fates``
        (transmissions by direction and fate).
    """
    connections, segments = joined.connections, joined.segments
    counts = connections["matched_by"].value_counts()
    return {
        "standouts": [seen.to_dict() for seen in find_join_standouts(joined)],
        "path": list(describe_path(joined)),
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
            DIRECTIONS[forward]: {fate: int((segments["fate"][mask] == fate).sum()) for fate in FATES}
            for forward, mask in by_direction(segments).items()
        },
    }


def _plain(value: Any) -> Any:
    """Return a value that JSON has: null for what is unknown."""
    if isinstance(value, list):  # steps of a clock
        return [[str(at), size] for at, size in value]
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def describe_path(joined: Joined, *, clocks: bool = True) -> Iterator[str]:
    """Say how long the path and the hosts take, how the clocks differ, and what the captures lack.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    clocks : bool, default True
        Also how the clocks differ, which the points have in numbers.

    Yields
    ------
    str
        One sentence each.
    """
    yield from _on_times(joined)
    if clocks:
        yield from _on_clocks(joined)
    yield from _on_captures(joined)


def _on_times(joined: Joined) -> Iterator[str]:
    """Say how long the path takes, and how long the host beyond it."""
    order = joined.points["order"]
    if order.isna().any() or joined.segments.empty:
        return
    first, last = str(order.idxmin()), str(order.idxmax())
    point = joined.points.loc[[first, last]]
    width = float((point["offset_high_s"] - point["offset_low_s"]).max()) / 2
    passed = joined.segments[(joined.segments["fate"] == "passed") & joined.segments["delay_s"].notna()]
    medians = {
        forward: float(passed["delay_s"][mask].median()) for forward, mask in by_direction(passed).items() if mask.any()
    }
    if medians:
        texts = [f"{seconds(max(median, 0.0))} {TOWARDS[forward]}" for forward, median in medians.items()]
        unsure = f", ± {seconds(width)}: the path may be asymmetric" if width > 0 else ""
        yield f"Between {first} and {last} packets take {' and '.join(texts)} (medians{unsure})."
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


def _on_clocks(joined: Joined) -> Iterator[str]:
    """Say how far each clock is from the first one's."""
    reference = joined.names[0]
    for name, point in joined.points.iloc[1:].iterrows():
        low, high, offset = (float(point[f"offset_{end}s"]) for end in ("low_", "high_", ""))
        if np.isnan(low) or low == high:
            continue
        drift = _span(float(point["drift_low_ppm"]), float(point["drift_high_ppm"]))
        if low <= 0 <= high:
            apart = f"between {seconds(-low)} behind and {seconds(high)} ahead of"
        else:
            side = "ahead of" if offset > 0 else "behind"
            apart = f"{abs(offset):,.6f} s (± {seconds((high - low) / 2)}) {side}"
        yield f"The clock of {name} is {apart} that of {reference}, and runs {drift}."


def _span(low: float, high: float) -> str:
    """Write how much faster a clock runs. [ppm]."""
    if low < 0 < high:
        return f"between {-low:.1f} ppm slower and {high:.1f} ppm faster"
    ends = sorted((abs(low), abs(high)))
    return f"{ends[0]:.1f} to {ends[1]:.1f} ppm {'slower' if high <= 0 else 'faster'}"


def _on_captures(joined: Joined) -> Iterator[str]:
    """Say what captures lack, and what stays open."""
    rows = joined.segments
    missing = rows[rows["fate"] == "not_captured"]
    for name, count in missing["first_missing"].value_counts().items():
        if count:
            yield f"The capture at {name} lacks {counted(int(count), 'packet')} that passed there."
    unknown = rows[rows["fate"] == "unknown"]
    copies = unknown[unknown["fate_rule"] == "copy"]
    for (here, there), some in copies.groupby(["last_seen", "first_missing"], observed=True):
        yield (
            f"{here} has {counted(len(some), 'packet')} once more than {there}: whether a copy was lost between them "
            "or only captured is unknown."
        )
    if len(unknown) > len(copies):
        yield f"What became of {counted(len(unknown) - len(copies), 'packet')} is unknown."
    for name in joined.names:
        alone = joined.connections[
            joined.connections[f"conn_id_{name}"].notna() & joined.connections["matched_by"].isna()
        ]
        if len(alone) and joined.connections["matched_by"].notna().any():
            verb = agreeing(len(alone), "is", "are")
            text = f"{counted(len(alone), 'connection')} of {name} {verb} in no other capture"
            unclear = int(alone["ambiguous"].sum())
            yield f"{text}; {unclear:,} of them fit more than one." if unclear else f"{text}."
