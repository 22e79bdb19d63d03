"""Hop limits of RSTs beside those of their sender's other packets: what two patterns share."""

from typing import NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.measures import values
from pcapframe.patterns._traffic import Traffic

__all__ = ["Compared", "compare_resets"]


class Compared(NamedTuple):
    """RSTs, and the range of the hop limits of their side's packets without RST.

    Parameters
    ----------
    rows : ndarray of int
        The RSTs, ascending.
    ttl : ndarray of int
        Hop limit of each.
    low, high : ndarray of int
        The range; `high` is -1 where there is no other packet.
    """

    rows: Array
    ttl: Array
    low: Array
    high: Array

    def is_outside(self, hops: int) -> Mask:
        """Tell which RSTs lie more than so many hops outside the range.

        Parameters
        ----------
        hops : int
            How many.

        Returns
        -------
        ndarray of bool
            False where there is nothing to compare with.
        """
        outside = (self.ttl < self.low - hops) | (self.ttl > self.high + hops)
        return np.asarray((self.high >= 0) & outside, np.bool_)


def compare_resets(traffic: Traffic, hops: int) -> Compared | None:
    """Compare every RST with the other packets of its side.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections; reads ``ttl``.
    hops : int
        How far outside the range a RST has to be.

    Returns
    -------
    Compared or None
        None where no RST can be: no side that sent one has hop limits that far apart.
    """
    apart = np.zeros(traffic.size, np.bool_)
    for side in ("client", "server"):
        low, high = (values(traffic.connections[f"{side}_ttl_{name}"], np.int64) for name in ("min", "max"))
        apart |= (high - low > hops) & (traffic.number(f"{side}_rsts") > 0)
    if not apart.any():
        return None
    rows, place = traffic.rsts
    sides = traffic.sides[2 * place + traffic.from_client(rows)]
    ttl, low, high = (
        part.astype(np.int64) for part in (traffic.column("ttl")[rows], sides["ttl_low"], sides["ttl_high"])
    )
    return Compared(rows, ttl, low, high)
