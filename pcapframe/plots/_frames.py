"""What a chart is drawn from: frames, or an `Analysis` that holds them."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy.typing as npt
import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.connections import build_connections

__all__ = ["Source", "both", "category", "connections_of", "segments_of"]

Source: TypeAlias = pd.DataFrame | Analysis


def segments_of(source: Source) -> pd.DataFrame:
    """Return segments: the frame itself, or those that an analysis was asked for."""
    return source.filtered_segments if isinstance(source, Analysis) else source


def connections_of(source: Source) -> pd.DataFrame:
    """Return connections: the frame itself, or those that an analysis was asked for."""
    return source.connections if isinstance(source, Analysis) else source


def both(segments: Source, connections: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return segments and connections; the connections are built where they are not given."""
    if isinstance(segments, Analysis):
        return segments.filtered_segments, segments.connections if connections is None else connections
    return segments, build_connections(segments) if connections is None else connections


def category(codes: npt.NDArray[Any], names: Sequence[str]) -> Any:
    """Return a categorical column: all of the names, whether they occur or not."""
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(names)))
