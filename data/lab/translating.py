"""Both sides of a NAT in one capture, made of the recordings of one run at two points, with their truth.

The packets of the point behind the NAT get another client address and port, and each side's packets have lost a hop
where they passed. What the path between the points lost, delayed or reordered stays as it was.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

import pcapframe as pf

from .scoring import Recording, Score

__all__ = ["both_sides", "score_views", "views_of", "views_table"]

OUTSIDE = {4: "203.0.113.", 6: "2001:db8:ffff::"}
PORTS_UP = 1 << 15


def translated(address: str, clients: Sequence[str]) -> str:
    """Address of a client behind the NAT; other addresses stay."""
    if address not in clients:
        return address
    return f"{OUTSIDE[ipaddress.ip_address(address).version]}{sorted(clients).index(address) + 1}"


def both_sides(inside: pd.DataFrame, outside: pd.DataFrame, clients: Sequence[str]) -> pd.DataFrame:
    """Merge packets captured before and behind a NAT.

    Parameters
    ----------
    inside, outside : DataFrame
        Columns of ``schema.PACKETS``, of one run at two points.
    clients : sequence of str
        Addresses that are translated.

    Returns
    -------
    DataFrame
        All packets by time, numbered anew.
    """
    before, behind = inside.copy(), outside.copy()
    from_client = behind["src"].isin(clients)
    for end, mine in (("src", from_client), ("dst", behind["dst"].isin(clients))):
        behind[end] = behind[end].astype(object).map(lambda text: translated(text, clients), na_action="ignore")
        port = behind[f"{end}_port"]
        behind[f"{end}_port"] = port.where(~mine, port ^ PORTS_UP)
    behind["ttl"] = behind["ttl"].where(~from_client, behind["ttl"] - 1)
    of_server = ~before["src"].isin(clients)
    before["ttl"] = before["ttl"].where(~of_server, before["ttl"] - 1)
    made = pd.concat([before.astype({"src": object, "dst": object}), behind], ignore_index=True)
    addresses = pd.CategoricalDtype(sorted({*made["src"].dropna(), *made["dst"].dropna()}))
    made = made.astype({"src": addresses, "dst": addresses}).sort_values("time", kind="stable", ignore_index=True)
    made.index = pd.RangeIndex(1, len(made) + 1, name=inside.index.name)
    made.attrs = inside.attrs
    return made


def views_of(connections: pd.DataFrame, clients: Sequence[str]) -> dict[int, int]:
    """Find which connection is which behind the NAT: the n-th of an endpoint is the n-th of its translation.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, of `both_sides`.
    clients : sequence of str
        As there.

    Returns
    -------
    dict
        The ``conn_id`` of the later view and of the earlier one.
    """
    known: dict[tuple[object, ...], list[int]] = {}
    behind: dict[tuple[object, ...], list[int]] = {}
    for row in connections.itertuples():
        if row.client in clients:
            ends = translated(row.client, clients), row.client_port ^ PORTS_UP, row.server, row.server_port
            known.setdefault(ends, []).append(row.Index)
        else:
            ends = row.client, row.client_port, row.server, row.server_port
            behind.setdefault(ends, []).append(row.Index)
    pairs = [pair for ends, own in known.items() for pair in zip(own, behind.get(ends, []), strict=False)]
    return {max(pair): min(pair) for pair in pairs}


def score_views(inside: Recording, outside: Recording) -> Score:
    """Compare ``same_as`` of two recordings of one run with the truth."""
    here, there = (pf.read_pcap(recording.capture, progress=False) for recording in (inside, outside))
    clients = inside.senders
    connections = pf.build_connections(pf.label_segments(both_sides(here, there, clients)))
    true = views_of(connections, clients)
    told = connections["same_as"].dropna().astype(int).to_dict()
    hits = sum(true.get(later) == earlier for later, earlier in told.items())
    return Score(hits, len(told) - hits, len(true) - hits)


def views_table(found: Iterable[tuple[str, Score]], *, say: Callable[[str], None] = print) -> None:
    """Print how connections on both sides of a NAT were found, in sum and where they were not."""
    rows = list(found)
    made = sum((score for _, score in rows), Score())
    say(f"connections seen on both sides of a NAT: {made.hits} found, {made.false} false, {made.missed} missed")
    for scenario, score in rows:
        if score.errors:
            say(f"  {scenario}: {score.hits} found, {score.false} false, {score.missed} missed")
