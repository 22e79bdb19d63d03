"""The data of charts: frames, or an `Analysis` that holds them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis import Analysis, counted_once
from pcapframe.connections import build_connections
from pcapframe.errors import ParameterError
from pcapframe.schema import CONNECTIONS, SEGMENTS, Column, names

__all__ = [
    "Source",
    "both",
    "category",
    "connections_of",
    "counted_segments_of",
    "places",
    "segments_of",
    "server_filters",
]

Source: TypeAlias = pd.DataFrame | Analysis


def segments_of(source: Source) -> pd.DataFrame:
    """Return segments: the frame itself, or the selected ones of an analysis.

    Raises
    ------
    ParameterError
        The frame lacks columns.
    """
    if isinstance(source, Analysis):
        return source.filtered_segments
    return _checked(source, "segments", SEGMENTS, "label_segments")


def counted_segments_of(source: Source) -> pd.DataFrame:
    """Return segments for totals: the frame itself, or the selected ones of an analysis without second views.

    Raises
    ------
    ParameterError
        The frame lacks columns.
    """
    if isinstance(source, Analysis):
        return counted_once(source.filtered_segments, source.connections).segments
    return segments_of(source)


def connections_of(source: Source) -> pd.DataFrame:
    """Return connections: the frame itself, or the selected ones of an analysis without second views.

    Raises
    ------
    ParameterError
        The frame lacks columns.
    """
    if isinstance(source, Analysis):
        return source.counted.connections
    return _checked(source, "connections", CONNECTIONS, "build_connections")


def both(segments: Source, connections: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return segments and connections, each connection once; the connections are built where they are not given.

    Raises
    ------
    ParameterError
        A frame lacks columns.
    """
    chosen = segments_of(segments)
    if connections is not None:
        return counted_once(chosen, connections_of(connections))
    known = segments.connections if isinstance(segments, Analysis) else build_connections(chosen)
    return counted_once(chosen, known)


def places(numbers: pd.Index, wanted: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return where some of the frame numbers of a frame are; they are ascending in every frame of a capture."""
    if numbers.is_monotonic_increasing:
        return np.searchsorted(numbers.to_numpy(), wanted)
    return numbers.get_indexer(pd.Index(wanted))


def _checked(frame: pd.DataFrame, what: str, columns: Iterable[Column], maker: str) -> pd.DataFrame:
    missing = [name for name in names(columns) if name not in frame]
    if missing:
        raise ParameterError(f"{what} lacks the columns {', '.join(missing)}: expected what {maker} returns")
    return frame


def category(codes: npt.NDArray[Any], categories: Sequence[str]) -> Any:
    """Return a categorical column with all categories, including those that do not occur."""
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(categories)))


def server_filters(end: str) -> dict[str, str]:
    """Return the explorer's filters that select a server.

    Parameters
    ----------
    end : str
        Address and port as `endpoint_text` writes them.

    Returns
    -------
    dict of str
        ``server`` and ``port``; empty for a text that is no endpoint, such as that of all others.

    Examples
    --------
    >>> server_filters("[2001:db8::1]:443"), server_filters("3 others")
    ({'server': '2001:db8::1', 'port': '443'}, {})
    """
    address, _, port = end.rpartition(":")
    return {"server": address.strip("[]"), "port": port} if address and port.isdecimal() else {}
