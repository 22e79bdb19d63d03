"""What remains of all segments, as patterns read it: of the connections that they look at."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask
from pcapframe.errors import ParameterError
from pcapframe.events import Floors, Totals
from pcapframe.patterns._by_connection import ConnectionColumns

__all__ = ["TotalsOfConnections"]


class TotalsOfConnections(ConnectionColumns):
    """Totals of some connections, with the columns of these.

    Parameters
    ----------
    connections : DataFrame
        As for `ConnectionColumns`.
    totals : Totals or None
        Of these connections and perhaps of others; None to make them when they are first used.
    gather : callable
        Makes the totals, from some floors on, where there are none.
    server_given : bool or ndarray of bool, default False
        As for `ConnectionColumns`.
    """

    def __init__(
        self,
        connections: pd.DataFrame,
        totals: Totals | None,
        gather: Callable[[Floors], Totals],
        *,
        server_given: bool | Mask = False,
    ) -> None:
        super().__init__(connections, server_given=server_given)
        self._is_whole = totals is None  # whether all segments are there
        self._totals, self._floors, self._gather = totals, Floors(), gather

    @cached_property
    def _conn_ids(self) -> Array:
        return self.connections.index.to_numpy()

    @property
    def totals(self) -> Totals:
        """What remains of all segments, of these and of other connections."""
        if self._totals is None:
            self._totals = self._gather(self._floors)
        return self._totals

    def need(self, **least: float) -> None:
        """Make sure that the totals have what thresholds ask for.

        Parameters
        ----------
        **least : float
            By field of `Floors`: from where on.

        Raises
        ------
        ParameterError
            Less was kept of the capture.
        """
        floors = self._floors if self._totals is None else self._totals.floors
        lower = {name: value for name, value in least.items() if value < getattr(floors, name)}
        if lower and not self._is_whole:
            raise ParameterError(
                "these thresholds ask for segments that are not kept: analyse the capture with them, or with "
                'keep="packets"'
            )
        if lower:
            self._floors, self._totals = replace(floors, **lower), None  # type: ignore[arg-type]

    @cached_property
    def sides(self) -> Array:
        """Totals by side (2 * place + 1 for the client)."""
        sides = self.totals.sides
        return sides.reshape(-1, 2)[self._conn_ids].ravel() if self._is_part else sides

    @cached_property
    def _is_part(self) -> bool:
        """Whether the totals are of other connections too."""
        return self.totals.sides.size != 2 * self.size or bool((self._conn_ids != np.arange(self.size)).any())

    def noted(self, name: str) -> Array:
        """Return a table of the totals, as far as it is about these connections."""
        table: Array = getattr(self.totals, name)
        if not self._is_part or not table.size:
            return table
        is_own = np.zeros(self.totals.sides.size // 2, np.bool_)
        is_own[self._conn_ids] = True
        chosen: Array = table[is_own[table["conn_id"]]]
        return chosen

    def turns_of(self, mask: Mask) -> pd.DataFrame:
        """Return the turns of the connections of `mask`: columns of ``schema.TURNS``."""
        conn_ids = self._conn_ids[mask]
        turns = self.totals.turns
        return turns[turns["conn_id"].isin(conn_ids)].reset_index(drop=True)
