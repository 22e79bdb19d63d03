"""What one event looks like to a reader."""

from dataclasses import dataclass
from typing import Any

from pcapframe.analysis.statistics import Statistics
from pcapframe.patterns import Evidence, native
from pcapframe.wording import counted

__all__ = ["Standout", "looked_at"]


@dataclass(frozen=True)
class Standout:
    """Something out of the ordinary in a capture: one event, one sentence, never why.

    Parameters
    ----------
    kind : str
        What kind of event, a name of ``RULES``.
    sentence : str
        Which server (and client), what happened, how many of how many, for how long.
    share : float
        Connections that show it, of all connections of the capture. [0 to 1]
    connections : int
        How many connections show it.
    servers : tuple of str
        Their servers with ports, the first 100.
    start, end : str or None
        Times of the first and the last packet that shows it, ISO 8601 in UTC; None without a time.
    evidence : Evidence
        Its connections and frames.
    pattern : str or None
        Name of the pattern that has all numbers, None where no pattern counts it.
    display_filter : str or None
        One short Wireshark display filter that selects what `selects` says.
    selects : str
        How many packets the filter selects, of how many, such as ``84 packets``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> print(pf.analyze(pf.example("resets.pcap")).standouts[0].kind)
    half_open_handshakes
    """

    kind: str
    sentence: str
    share: float
    connections: int
    servers: tuple[str, ...]
    start: str | None
    end: str | None
    evidence: Evidence
    pattern: str | None
    display_filter: str | None = None
    selects: str = ""

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            The fields by name, tuples as lists and the evidence as its dict.
        """
        return {name: value.to_dict() if name == "evidence" else native(value) for name, value in vars(self).items()}


def looked_at(statistics: Statistics) -> str:
    """Say what was looked at, for a capture in which nothing stands out.

    Parameters
    ----------
    statistics : dict
        Of the analysis.

    Returns
    -------
    str
        Counts of what could have stood out.

    Examples
    --------
    >>> import pcapframe as pf
    >>> looked_at(pf.analyze(pf.example("ipv6.pcapng")).statistics).partition(":")[0]
    'Looked at'
    """
    connections, packets = statistics["total_connections"], statistics["total_packets"]
    what = "handshakes, endings, RSTs, retransmissions, windows and waits"
    return f"Looked at: {what} of {counted(connections, 'connection')} ({counted(packets, 'packet')})"
