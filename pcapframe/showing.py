"""Frames as people read them: flags by name, times in a zone of their own, without empty columns."""

from datetime import tzinfo

import numpy as np
import pandas as pd

from pcapframe.errors import ParameterError
from pcapframe.measures import values, without_attrs
from pcapframe.schema import FLAG_BITS
from pcapframe.zones import find_zone, options

__all__ = ["flag_names", "show"]


def flag_names(flags: pd.Series) -> pd.Series:
    """Write TCP flags by name.

    Parameters
    ----------
    flags : Series of int
        The column ``tcp_flags`` of packets or segments; not modified.

    Returns
    -------
    Series of str
        Names joined by a comma in the order of RFC 9293, as ``SYN, ACK``; empty for no flag, null where `flags` is.

    Examples
    --------
    >>> flag_names(pd.Series([2, 18, None], dtype="UInt16")).tolist()
    ['SYN', 'SYN, ACK', nan]
    """
    bits, missing = values(flags, np.int64), flags.isna().to_numpy()
    used, places = np.unique(bits, return_inverse=True)
    texts = [", ".join(name for name, bit in FLAG_BITS.items() if value & bit) for value in used.tolist()]
    written = pd.Series(np.array(texts, dtype=object)[places], flags.index, dtype="str", name=flags.name)
    return written.mask(missing)


def show(frame: pd.DataFrame, rows: int | None = None, *, timezone: str | tzinfo | None = None) -> pd.DataFrame:
    """Return a frame for reading: flags by name, times in a zone, without columns that are empty.

    Parameters
    ----------
    frame : DataFrame
        Packets, segments, connections, turns … or a part of one; not modified.
    rows : int, optional
        How many rows from the beginning; all by default.
    timezone : str or tzinfo, optional
        Such as ``Europe/Berlin``; that of ``pcapframe.options`` by default, which is UTC.

    Returns
    -------
    DataFrame
        The same index. ``tcp_flags`` by name (see `flag_names`), times in the zone. Columns in which every row is
        null or False are left out. The result is for people: the stages do not take it.

    Raises
    ------
    ParameterError
        There is no such time zone, or `rows` is negative.

    Examples
    --------
    >>> import pcapframe as pf
    >>> packets = pf.read_pcap(pf.example("clean.pcap"))
    >>> show(packets[packets["protocol"] == "TCP"], 3)["tcp_flags"].tolist()
    ['SYN', 'SYN, ACK', 'ACK']
    """
    if rows is not None and rows < 0:
        raise ParameterError(f"rows {rows}: expected a number of rows, from 0")
    zone = options.timezone if timezone is None else find_zone(timezone)
    shown = without_attrs(frame if rows is None else frame.head(rows))
    shown = shown[[name for name in shown if not len(shown) or _says_something(shown[name])]]
    changed: dict[str, pd.Series] = {}
    for name, column in shown.items():
        if name == "tcp_flags":
            changed[str(name)] = flag_names(column)
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            changed[str(name)] = column.dt.tz_convert(zone)
    return shown.assign(**changed)


def _says_something(column: pd.Series) -> bool:
    """Whether any row is neither null nor False."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return bool(column.any())
    return bool(column.notna().any())
