"""Requests and responses, and where the time of connections went."""

from typing import Any, Literal, TypeAlias, cast

import pandas as pd

from pcapframe.analysis import Analysis, sum_senders, sum_waits, turns
from pcapframe.analysis.counted import is_second_view
from pcapframe.answers.envelope import CAPTURE_TEXT, Envelope, envelope_of
from pcapframe.conversation import to_server_s
from pcapframe.naming import LONGEST_NAME
from pcapframe.patterns import native
from pcapframe.wording import printable, shortened

__all__ = ["By", "TurnsAnswer", "WaitsAnswer", "list_turns", "list_waits", "waits_of"]

By: TypeAlias = Literal["server", "client", "name"]
PARTS = ("handshake_s", "client_wait_s", "service_total_s", "transfer_s", "other_s")
SENDING = ("busy_s", "window_limited_s", "repairing_s", "unsplit_s", "idle_s")
SHARES = ("window_limited", "repairing", "unsplit")  # of busy_s
COUNTS = ("turns", "service_turns", "unanswered_turns")
# What each number depends on, by its key.
QUALIFIED_TURNS = {f"turns.{name}": ("durations", "directions") for name in ("wait_s", "service_s", "response_s")}
QUALIFIED_WAITS = {f"waits.{name}": ("durations", "directions") for name in PARTS}


class TurnsAnswer(Envelope):
    """The turns of a capture."""

    turns: list[dict[str, Any]]
    turns_total: int


class WaitsAnswer(Envelope):
    """Where the time went, by server, client or name."""

    by: By
    waits: list[dict[str, Any]]
    waits_total: int


def list_turns(analysis: Analysis, *, limit: int) -> TurnsAnswer:
    """List turns, ready for ``json.dumps``.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are listed.
    limit : int
        Most turns; the total is exact.

    Returns
    -------
    dict
        ``turns``, with the columns of ``schema.TURNS``, and ``turns_total``.
    """
    found = turns(analysis)
    envelope = envelope_of(analysis, limit, QUALIFIED_TURNS)
    return TurnsAnswer(**envelope, turns=_records(found.iloc[:limit]), turns_total=len(found))


def list_waits(analysis: Analysis, *, by: By, limit: int) -> WaitsAnswer:
    """List where the time went, ready for ``json.dumps``.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are summed up.
    by : {'server', 'client', 'name'}
        By what. Names are escaped, and at most 60 characters of each are given.
    limit : int
        Most rows; the total is exact.

    Returns
    -------
    dict
        ``waits``, with the columns of ``schema.WAITS``, ``waits_total`` and ``by``.
    """
    found = sum_waits(analysis, by=by)
    envelope = envelope_of(analysis, limit, QUALIFIED_WAITS)
    rows = found.iloc[:limit]
    if by == "name":
        rows = rows.assign(endpoint=[shortened(printable(text), LONGEST_NAME) for text in rows["endpoint"]])
        envelope["capture_text"] = [*CAPTURE_TEXT, "waits.endpoint"]
    return WaitsAnswer(**envelope, by=by, waits=_records(rows), waits_total=len(found))


def waits_of(connections: pd.DataFrame) -> dict[str, Any]:
    """Sum up in a few numbers where the time of connections went.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``.

    Returns
    -------
    dict
        Turns, turns with a service time, and unanswered ones; the five parts of the durations, summed up [s]; the
        largest service time and its ``conn_id``, and the median over connections of the smallest round trip from the
        capture point to the server [s]; ``senders``: what clients and servers as senders were doing [s]. None where
        not known.
    """
    connections = connections[~is_second_view(connections)]  # each connection once
    made: dict[str, Any] = {name: int(connections[name].sum()) for name in COUNTS}
    for name in PARTS:
        made[name] = round(float(connections[name].sum(min_count=1)), 9)
    longest = connections["service_max_s"]
    made["service_max_s"] = longest.max()
    made["service_max_conn_id"] = longest.idxmax() if longest.notna().any() else None
    made["round_trip_median_s"] = round(float(pd.Series(to_server_s(connections)).median()), 9)
    return {**cast("dict[str, Any]", native(made)), "senders": _senders(connections)}


def _senders(connections: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Sum up what each side was doing as a sender, with the shares of its busy time."""
    sums = sum_senders(connections, pd.Series(0, connections.index))
    made: dict[str, dict[str, Any]] = {}
    for side in ("client", "server"):
        own = {name: round(float(sums[f"{side}_{name}"].sum(min_count=1)), 9) for name in SENDING}
        busy = own["busy_s"]
        shares = {f"{name}_share": round(own[f"{name}_s"] / busy, 4) if busy > 0 else None for name in SHARES}
        made[side] = {"known": int(sums[f"{side}_known"].sum()), **own, **shares}
    return cast("dict[str, dict[str, Any]]", native(made))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [native(row) for row in frame.to_dict("records")]
