"""RSTs that come from one side more often than by chance.

Observed: which side of each connection sent RST.

Rule: reported when an exact two-sided binomial test gives p < ``significance``. Each connection with RSTs from one side
only is one trial. Connections whose client and server are only inferred are left out (``inferred_roles``).

Limits: at 0.05, fewer than six connections are never enough. Connections with RSTs from both sides do not count. The
side is taken from the addresses. The test shows that the directions differ, not why: clients and servers have different
reasons to reset.

RFC 9293 section 3.5.2.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns._api import LISTED, Notable, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "RstDirectionalAsymmetryLimits", "notable", "observe"]

NAME = "rst_directional_asymmetry"
CATEGORY = "connection_termination"
RESTS_ON = ("flags",)

SIDES = ("client", "server")
STRONG = 0.9  # share of the RSTs that go one way


class RstDirectionalAsymmetryLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    significance : float, default 0.05
        Probability of such a split by chance below which it is reported. [0 to 1]
    """

    significance: float = 0.05


LIMITS = RstDirectionalAsymmetryLimits


def observe(traffic: Traffic, limits: RstDirectionalAsymmetryLimits) -> Pattern | None:
    """Compare the RSTs of clients with those of servers.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstDirectionalAsymmetryLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``rst_to_server`` and ``rst_from_server`` [packets], ``ratio`` = to server / both [0 to 1],
        ``affected_connections`` (the first 100 of ``affected_connections_total``, as text),
        ``rst_of_unknown_direction`` [packets], which are left out, in ``inferred_roles`` [connections],
        the votes ``connections_to_server`` and ``connections_from_server`` [connections], and
        ``p_value`` [0 to 1] beside ``significance``. Evidence: the RSTs.
    """
    by_client, by_server = (np.where(traffic.roles_known, traffic.number(f"{side}_rsts"), 0) for side in SIDES)
    votes_to = int(((by_client > 0) & (by_server == 0)).sum())
    votes_from = int(((by_server > 0) & (by_client == 0)).sum())
    p_value = _two_sided_binomial(votes_to, votes_from)
    to_server, from_server = int(by_client.sum()), int(by_server.sum())
    if p_value >= limits.significance or not to_server + from_server:
        return None
    affected = (by_client > 0) | (by_server > 0)
    of_unknown = np.where(traffic.roles_known, 0, traffic.each_way("rsts"))
    unknown, left_out = int(of_unknown.sum()), int((of_unknown > 0).sum())
    observations: dict[str, Any] = {
        "rst_to_server": to_server,
        "rst_from_server": from_server,
        "rst_of_unknown_direction": unknown,
        "ratio": to_server / (to_server + from_server),
        "affected_connections": traffic.endpoints.texts(np.flatnonzero(affected)[:LISTED]),
        "affected_connections_total": int(affected.sum()),
        "inferred_roles": left_out,
        "connections_to_server": votes_to,
        "connections_from_server": votes_from,
        "p_value": p_value,
        "significance": limits.significance,
    }
    description = (
        f"{counted(to_server, 'RST')} went to servers and {from_server:,} came from servers; of the "
        f"{counted(votes_to + votes_from, 'connection')} with RSTs from one side, {votes_to:,} had them from "
        f"the client and {votes_from:,} from the server (p = {p_value:.2g})."
    )
    if left_out:
        where = f"{counted(left_out, 'connection')} where no packet shows the roles"
        description += f" Left out: {counted(unknown, 'RST')} in {where}."
    resets = traffic.within(traffic.rsts.rows, affected)
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(resets, affected))


def notable(seen: dict[str, Any]) -> Notable | None:
    """Say that nearly all RSTs go one way.

    Parameters
    ----------
    seen : dict
        The observations of `observe`.

    Returns
    -------
    Notable or None
        None where less than nine in ten do.
    """
    if 1 - STRONG <= seen["ratio"] <= STRONG:
        return None
    to_server, from_server = seen["rst_to_server"], seen["rst_from_server"]
    way = "to the server" if to_server > from_server else "from the server"
    most, total = max(to_server, from_server), to_server + from_server
    text = f"{most:,} of {counted(total, 'RST')} {agreeing(most, 'goes', 'go')} {way} ({percent(most / total)})"
    unknown = seen["rst_of_unknown_direction"]
    if unknown:
        text += f"; {counted(unknown, 'RST')} of unknown direction {agreeing(unknown, 'is', 'are')} left out"
    return Notable("strong_rst_asymmetry", text)


def _two_sided_binomial(one: int, other: int) -> float:
    """Return the probability that a fair coin gives a split at least this uneven.

    Examples
    --------
    >>> [round(_two_sided_binomial(*split), 6) for split in ((0, 5), (6, 0), (3, 3))]
    [0.0625, 0.03125, 1.0]
    """
    trials, fewer = one + other, min(one, other)
    if 2 * fewer >= trials - 1:
        return 1.0
    # The terms C(n, i) / 2^n for i = 0 … fewer, by their logarithms: they underflow, and there may be many.
    i = np.arange(1, fewer + 1)
    logs = np.append(0.0, np.cumsum(np.log(trials - i + 1) - np.log(i))) - trials * np.log(2)
    return min(1.0, 2 * float(np.exp(logs).sum()))
