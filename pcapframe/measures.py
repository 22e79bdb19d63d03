"""Shared helpers: rates with intervals, columns as arrays, text of endpoints."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import column_of
from pcapframe.memory import computed, new_column

__all__ = [
    "Differing",
    "connection_text",
    "differing",
    "distinct",
    "each_way",
    "endpoint_text",
    "has_other_numbers",
    "host_text",
    "nullable",
    "values",
    "wilson_interval",
    "without_attrs",
]

RowNumbers: TypeAlias = npt.NDArray[np.intp]
NUMBERED = "numbered by source_frame"  # among `attrs`: what is left of the facts of such a capture
BARE: dict[Any, Any] = {NUMBERED: True}
Z_95 = 1.959963984540054  # of the normal distribution, two-sided


def values(column: Any, dtype: npt.DTypeLike, *, null: Any = 0) -> npt.NDArray[Any]:
    """Return a column as a NumPy array, without a copy where it has no nulls.

    Parameters
    ----------
    column : Series, ndarray or ExtensionArray
        Any column of a frame; not modified. Do not modify the result: it may share the column's memory.
    dtype : dtype
        Of the result.
    null : scalar, default 0
        Value that replaces null.

    Returns
    -------
    ndarray
        One value per row.

    Examples
    --------
    >>> values(pd.Series([1, None], dtype="UInt16"), "uint16")
    array([1, 0], dtype=uint16)
    """
    array: Any = getattr(column, "array", column)
    if isinstance(array, pd.arrays.NumpyExtensionArray):
        array = array.to_numpy()
    if isinstance(array, pd.api.extensions.ExtensionArray):
        return cast("npt.NDArray[Any]", array.to_numpy(dtype=np.dtype(dtype), copy=False, na_value=null))
    return np.asarray(array, dtype=dtype)


def distinct(numbers: npt.NDArray[Any], bound: int) -> RowNumbers:
    """Return each number once, in time linear in how many there are and in the bound.

    Parameters
    ----------
    numbers : ndarray of int
        From 0 and below `bound`, in any order.
    bound : int
        All numbers are below it.

    Returns
    -------
    ndarray of int
        Ascending.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3]), 5).tolist()
    [1, 3]
    """
    seen = np.zeros(bound, np.bool_)
    seen[numbers] = True
    return np.flatnonzero(seen)


def without_attrs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same columns without ``attrs``, which pandas would deep-copy each time a column is selected.

    Parameters
    ----------
    frame : DataFrame
        Not modified.

    Returns
    -------
    DataFrame
        Not to be modified: it is the same data. The frame itself where it has none.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1]})
    >>> frame.attrs["capture"] = {"name": "a.pcap"}
    >>> without_attrs(frame).attrs
    {}
    """
    if not frame.attrs or frame.attrs == BARE:
        return frame
    some: Any = frame
    bare = some._constructor_from_mgr(some._mgr, axes=some._mgr.axes)  # to copy all blocks takes long
    if has_other_numbers(frame):
        bare.attrs = dict(BARE)
    return cast("pd.DataFrame", bare)


def has_other_numbers(frame: pd.DataFrame) -> bool:
    """Whether frames of the one capture that this is of hold several packets, so that its own numbers are others."""
    facts = frame.attrs.get("capture")
    if facts:
        return not facts.get("captures") and facts.get("rows", 0) > facts.get("packets", 0)
    return NUMBERED in frame.attrs


def nullable(data: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None = None) -> pd.arrays.IntegerArray:
    """Return integers as a nullable column.

    Parameters
    ----------
    data : ndarray of int
        One value per row; not copied.
    known : ndarray of bool, optional
        True where there is a value; everywhere by default.

    Returns
    -------
    IntegerArray
        Null where not known.

    Examples
    --------
    >>> nullable(np.array([1, 2]), np.array([True, False])).tolist()
    [1, <NA>]
    """
    if known is None:
        return pd.arrays.IntegerArray(data, new_column(data.size, np.bool_, zeroed=True))
    return pd.arrays.IntegerArray(data, computed(data.size, np.bool_, lambda rows: ~known[rows]))


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share.

    Parameters
    ----------
    successes : int
        Trials that succeeded.
    trials : int
        All trials.

    Returns
    -------
    low, high : float
        Bounds of the share [0 to 1]; NaN without a trial.

    Notes
    -----
    The interval stays within 0 and 1 and is not empty at shares of 0 and 1 (E. B. Wilson, 1927). It assumes independent
    trials; packets of one connection are not, so for them it is too narrow.

    Examples
    --------
    >>> low, high = wilson_interval(2, 100)
    >>> round(low, 4), round(high, 4)
    (0.0055, 0.07)
    >>> wilson_interval(0, 0)
    (nan, nan)
    """
    if trials == 0:
        return math.nan, math.nan
    share = successes / trials
    spread = Z_95**2 / trials
    center = (share + spread / 2) / (1 + spread)
    margin = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    low = 0.0 if successes == 0 else max(center - margin, 0.0)
    high = 1.0 if successes == trials else min(center + margin, 1.0)
    return low, high


def host_text(address: str) -> str:
    """Write an address so that a port can follow: IPv6 in brackets (RFC 3986 section 3.2.2).

    Parameters
    ----------
    address : str
        IPv4 or IPv6.

    Returns
    -------
    str
        The address; in brackets for IPv6.

    Examples
    --------
    >>> host_text("2001:db8::1"), host_text("192.0.2.1")
    ('[2001:db8::1]', '192.0.2.1')
    """
    return f"[{address}]" if ":" in address else address


def endpoint_text(addresses: pd.Series | pd.Categorical, ports: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Write endpoints as ``address:port``, IPv6 in brackets; each address is formatted once.

    Parameters
    ----------
    addresses : Series or Categorical
        Addresses as a categorical, such as ``client`` or ``src``; without nulls.
    ports : array-like of int
        One per row; without nulls.

    Returns
    -------
    ndarray of str
        One text per row.

    Examples
    --------
    >>> endpoint_text(pd.Categorical(["192.0.2.1", "2001:db8::1"]), [80, 443]).tolist()
    ['192.0.2.1:80', '[2001:db8::1]:443']
    """
    array = pd.Categorical(addresses)
    used, places = np.unique(array.codes, return_inverse=True)
    prefixes = np.array([f"{host_text(text)}:" for text in array.categories.take(used)], dtype=object)
    return np.asarray(prefixes[places] + np.asarray(ports).astype(str).astype(object), dtype=object)


def connection_text(connections: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Write connections as ``client:port <-> server:port``.

    Parameters
    ----------
    connections : DataFrame
        Columns ``client``, ``client_port``, ``server`` and ``server_port``; not modified.

    Returns
    -------
    ndarray of str
        One text per row; connections on the same endpoints have the same text.

    Examples
    --------
    >>> ends = {"client": ["192.0.2.1"], "client_port": [4000], "server": ["192.0.2.9"], "server_port": [80]}
    >>> connection_text(pd.DataFrame(ends)).tolist()
    ['192.0.2.1:4000 <-> 192.0.2.9:80']
    """
    client = endpoint_text(connections["client"], connections["client_port"])
    server = endpoint_text(connections["server"], connections["server_port"])
    return np.asarray(client + " <-> " + server, dtype=object)


class Differing(NamedTuple):
    """Segments where Wireshark's label and the evidence differ.

    Parameters
    ----------
    wireshark_total : int
        Segments that Wireshark's rules label. [packets]
    only_wireshark, only_evidence : ndarray of int
        Rows that have only the label or only the evidence, ascending.
    """

    wireshark_total: int
    only_wireshark: RowNumbers
    only_evidence: RowNumbers


def differing(
    label: npt.NDArray[np.bool_],
    evidence: npt.NDArray[np.bool_],
    keep: Callable[[RowNumbers], RowNumbers] | None = None,
) -> Differing:
    """Compare one of Wireshark's labels with the evidence for the same thing.

    Parameters
    ----------
    label, evidence : ndarray of bool
        The two columns of ``schema.SEGMENTS``.
    keep : callable, optional
        Takes rows and returns the ones to compare; all by default.

    Returns
    -------
    Differing
        Wireshark's count, and the rows that differ.

    Examples
    --------
    >>> differing(np.array([True, True, False]), np.array([True, False, True])).only_evidence.tolist()
    [2]
    """
    some = np.flatnonzero(label | evidence)  # few segments have either
    if keep is not None:
        some = keep(some)
    labelled, shown = label[some], evidence[some]
    return Differing(int(np.count_nonzero(labelled)), some[labelled & ~shown], some[shown & ~labelled])


def each_way(connections: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """Return a column of the connections summed over both senders.

    Parameters
    ----------
    connections : DataFrame
        Columns ``client_…`` and ``server_…``, whole numbers without nulls; not modified.
    name : str
        Name of the columns without the sender, such as ``rsts``.

    Returns
    -------
    ndarray of int64
        One sum per row.

    Examples
    --------
    >>> each_way(pd.DataFrame({"client_rsts": [1, 0], "server_rsts": [1, 2]}), "rsts").tolist()
    [2, 2]
    """
    client, server = (np.asarray(column_of(connections, f"{side}_{name}")) for side in ("client", "server"))
    return client.astype(np.int64) + server.astype(np.int64)
