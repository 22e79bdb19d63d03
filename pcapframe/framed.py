"""Make the packets frame of what was decoded: packets merged by time, and a pandas column for each of the schema's."""

from collections.abc import Sized
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from pcapframe.capture import transport
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.decoding import Columns
from pcapframe.capture.merging import is_merged, merge_order
from pcapframe.capture.slicing import limit_lengths
from pcapframe.capture.undecoded import undecoded_codes
from pcapframe.disk import give_back_after
from pcapframe.memory import computed, new_column, one_block, stretches, taken
from pcapframe.schema import ICMP_QUOTES, PACKETS
from pcapframe.schema import names as column_names

__all__ = ["Ordered", "in_order", "make_frame"]

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)  # "str" to pandas


class Ordered(NamedTuple):
    """The packets of all captures, merged by time."""

    rows: Columns
    sack_at: npt.NDArray[np.int32]  # where the SACK edges of each begin; one value more
    sack_values: npt.NDArray[np.uint32]
    source: npt.NDArray[np.uint16]  # which capture
    source_frame: npt.NDArray[np.uint32]  # its own frame number
    extras: npt.NDArray[Any]  # side records
    quotes: npt.NDArray[Any]  # side records of ICMP errors
    places: npt.NDArray[np.intp] | None  # to which row each one was moved, None where none was


def make_frame(columns: PacketColumns, ordered: Ordered) -> pd.DataFrame:
    """Build the packets frame, in the schema's order."""
    rows, sack_at, sack_values, source, source_frame, extras, quotes, _ = ordered
    limit_lengths(rows, source, extras)
    masks = _Masks(rows.has)
    integers, flags = masks.integers, masks.flags
    addresses = _categories(columns.address_texts)
    tcp, ports = transport.HAS_TCP, transport.HAS_PORTS
    made: dict[str, Any] = {
        "time": pd.array(rows.time, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False),
        "wire_bytes": rows.wire_bytes,
        "captured_bytes": rows.captured_bytes,
        "src": _of_addresses(rows.src, addresses),
        "dst": _of_addresses(rows.dst, addresses),
        "protocol": _protocols(columns, rows),
        "src_port": integers(rows.src_port, ports),
        "dst_port": integers(rows.dst_port, ports),
        "ttl": integers(rows.ttl, transport.HAS_IP),
        "ip_id": integers(rows.ip_id, transport.HAS_IP_ID),
        **{
            name: integers(getattr(rows, name), tcp)
            for name in ("tcp_flags", "seq", "ack", "window", "tcp_header_bytes")
        },
        "tcp_checksum": integers(rows.tcp_checksum, transport.HAS_CHECKSUM),
        "payload_bytes": integers(rows.payload_bytes, transport.HAS_PAYLOAD),
        "mss": integers(rows.mss, transport.HAS_MSS),
        "window_scale": integers(rows.window_scale, transport.HAS_SCALE),
        "sack_permitted": flags(transport.HAS_SACK_PERMITTED),
        "tsval": integers(rows.tsval, transport.HAS_TIMESTAMPS),
        "tsecr": integers(rows.tsecr, transport.HAS_TIMESTAMPS),
        "sack": _sack(sack_at, sack_values),
        "options_malformed": flags(transport.IS_MALFORMED),
        "sliced": _sparse_flag(columns.count, extras["row"][extras["sliced"]]),
        "undecoded": _undecoded(columns, rows, extras),
        "vlan": integers(rows.vlan, transport.HAS_VLAN),
        "interface": integers(rows.interface, transport.HAS_INTERFACE),
        "source": source,
        "source_frame": source_frame,
        "offset": rows.offset,
        **_way_columns(columns, addresses, extras),
        **_icmp_columns(columns.count, quotes, addresses),
    }
    index = pd.RangeIndex(1, columns.count + 1, name="frame")
    return pd.DataFrame({name: made[name] for name in column_names(PACKETS)}, index=index, copy=False)


def _categories(texts: pa.Array) -> pd.CategoricalDtype:
    """Return the dtype of a column with these categories, which differ: pandas would make a Python text of each one."""
    made: Any = getattr(pd.CategoricalDtype, "_from_fastpath", pd.CategoricalDtype)
    strings: Any = pd.arrays.ArrowStringArray
    return cast("pd.CategoricalDtype", made(pd.Index(strings(texts, dtype=TEXT))))


def in_order(columns: PacketColumns, rows: Columns, counts: list[int]) -> Ordered:
    """Merge captures by time."""
    extras, quotes, places = columns.extras(), columns.quotes(), None
    source, source_frame = one_block(columns.count, [np.uint16, np.uint32])
    begin = 0
    for number, count in enumerate(counts):
        for some in stretches(count):
            source[begin:][some] = number
            source_frame[begin:][some] = np.arange(some.start + 1, some.stop + 1, dtype=np.uint32)
        begin += count
    if columns.continued.size:  # frames that hold several packets
        begins = np.ones(source.size, np.uint32)
        begins[columns.continued] = 0
        parts = np.split(begins, np.cumsum(counts)[:-1])
        source_frame = np.concatenate([np.cumsum(part, dtype=np.uint32) for part in parts])
    sack_at = new_column(columns.count + 1, np.int32)
    sack_at[0] = 0
    for some in stretches(columns.count):
        sack_at[1:][some] = rows.sack_end[some]
    sack_values = np.concatenate(columns.sack) if columns.sack else np.empty(0, np.uint32)
    if len(counts) > 1 and not is_merged(rows.time, counts):
        order = merge_order(rows.time, counts)
        starts, edges = sack_at[:-1][order], np.diff(sack_at)[order]
        sack_at[1:] = np.cumsum(edges)
        sack_values = sack_values[np.repeat(starts - sack_at[:-1], edges) + np.arange(sack_values.size)]
        rows = Columns(*(taken(one, order) for one in rows))
        source, source_frame = taken(source, order), taken(source_frame, order)
        places = np.empty_like(order)
        places[order] = np.arange(order.size)
        if extras.size or quotes.size:
            extras["row"], quotes["row"] = places[extras["row"]], places[quotes["row"]]
    return Ordered(rows, sack_at, sack_values, source, source_frame, extras, quotes, places)


class _Masks:
    """Makes nullable columns whose masks come from the bits of `has`; most columns share one of two masks."""

    def __init__(self, has: npt.NDArray[np.uint16]) -> None:
        self._has = has
        self._everywhere, self._somewhere = ~has.dtype.type(0), has.dtype.type(0)
        for rows in stretches(has.size):
            self._everywhere &= np.bitwise_and.reduce(has[rows])
            self._somewhere |= np.bitwise_or.reduce(has[rows])
        self._masks: dict[int, npt.NDArray[np.bool_]] = {}

    def _mask(self, bit: int) -> npt.NDArray[np.bool_]:
        some, every = self._somewhere & bit, self._everywhere & bit
        key = bit if some and not every else -1 if every else 0
        if key not in self._masks:
            self._masks[key] = mask = computed(self._has.size, np.bool_, lambda rows: self._has[rows] & bit == 0)
            mask.flags.writeable = False
        return self._masks[key]

    def integers(self, values: npt.NDArray[Any], bit: int) -> Any:
        """Return an integer column, null in rows without the bit."""
        return pd.arrays.IntegerArray(values, self._mask(bit))

    def flags(self, bit: int) -> Any:
        """Return a boolean column: the bit, null without TCP, and where a cut header may have hidden it."""
        has, unknown = self._has, self._mask(transport.IS_TCP)
        found = computed(has.size, np.bool_, lambda rows: has[rows] & bit != 0)
        if self._somewhere & transport.HEADER_CUT:
            known, cut = unknown, transport.HEADER_CUT
            unknown = computed(has.size, np.bool_, lambda rows: known[rows] | (has[rows] & (cut | bit) == cut))
        return pd.arrays.BooleanArray(found, unknown)


def _way_columns(columns: PacketColumns, addresses: pd.CategoricalDtype, extras: npt.NDArray[Any]) -> dict[str, Any]:
    """Return the columns of tunnels; one that no row has takes no memory."""
    ways, count = columns.tunnel_names(), columns.count
    unique = sorted({ways[way] for way in np.flatnonzero(np.bincount(extras["tunnel"])).tolist() if way})
    numbers = np.array([unique.index(name) if name in unique else -1 for name in ways], np.int16)
    row: npt.NDArray[Any] | slice
    row, names_dtype = np.ascontiguousarray(extras["row"]), pd.CategoricalDtype(pd.Index(unique, dtype="str"))
    if row.size == count and (row[1:] > row[:-1]).all():  # all rows, in order
        row = slice(None)
    return {
        "outer_src": _sparse_category(count, row, extras["outer_src"], addresses),
        "outer_dst": _sparse_category(count, row, extras["outer_dst"], addresses),
        "tunnel": _sparse_category(count, row, numbers[extras["tunnel"]], names_dtype),
    }


def _icmp_columns(count: int, quotes: npt.NDArray[Any], addresses: pd.CategoricalDtype) -> dict[str, Any]:
    """Return the columns of ICMP errors."""
    made: dict[str, Any] = {}
    for name, dtype, *_ in ICMP_QUOTES:
        if name in ("icmp_type", "icmp_code"):
            numbers = quotes["icmp_error"] >> 8 if name == "icmp_type" else quotes["icmp_error"] & 0xFF
        else:
            numbers = quotes[name]
        if dtype == "category":
            made[name] = _sparse_category(count, quotes["row"], numbers, addresses)
        else:
            made[name] = _sparse_integers(count, quotes["row"], numbers, dtype.lower())
    return made


def _sparse_integers(count: int, row: npt.NDArray[Any], numbers: npt.NDArray[Any], dtype: str) -> Any:
    """Return an integer column of `count` rows with `numbers` in these rows, null for -1 and elsewhere."""
    values, is_null = np.broadcast_to(np.zeros(1, dtype), count), np.broadcast_to(np.ones(1, np.bool_), count)
    known = numbers >= 0
    if known.any():
        values, is_null = new_column(count, dtype, zeroed=True), _filled(is_null)
        values[row[known]] = numbers[known]
        is_null[row[known]] = False
    return pd.arrays.IntegerArray(values, is_null)


def _undecoded(columns: PacketColumns, rows: Columns, extras: npt.NDArray[Any]) -> Any:
    """Return the column of what may hold TCP and was not decoded."""
    codes, texts = undecoded_codes(
        columns.protocol_names(), rows.protocol, rows.src_port, rows.dst_port, columns.tunnel_ports, extras
    )
    dtype = _code_type(texts)
    if codes.strides == (0,):  # the same everywhere
        codes = np.broadcast_to(codes[:1].astype(dtype), codes.shape)
    elif codes.dtype != dtype:
        wide = codes
        codes = computed(codes.size, dtype, lambda some: wide[some])
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(pd.Index(texts, dtype="str")), validate=False)


def _code_type(categories: Sized) -> np.dtype[Any]:
    """Return the type that pandas has the places of so many categories in: it makes a copy of any other."""
    return np.min_scalar_type(-len(categories) - 2)


def _sparse_flag(count: int, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return a column of `count` rows that is true in these; one that no row has takes no memory."""
    flags = np.broadcast_to(np.zeros(1, np.bool_), count)
    if rows.size:
        flags = new_column(count, np.bool_, zeroed=True)
        flags[rows] = True
    return flags


def _sparse_category(
    count: int, row: npt.NDArray[Any] | slice, numbers: npt.NDArray[Any], dtype: pd.CategoricalDtype
) -> Any:
    """Return a categorical column of `count` rows with `numbers` in these rows, null elsewhere."""
    none = np.full(1, -1, _code_type(dtype.categories))
    codes = np.broadcast_to(none, count)
    if (numbers >= 0).any():
        codes = _filled(codes)
        codes[row] = numbers
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)


def _of_addresses(numbers: npt.NDArray[np.int32], addresses: pd.CategoricalDtype) -> Any:
    """Return a column of addresses by their numbers."""
    codes = computed(numbers.size, _code_type(addresses.categories), lambda rows: numbers[rows])
    return pd.Categorical.from_codes(codes, dtype=addresses, validate=False)


def _protocols(columns: PacketColumns, rows: Columns) -> Any:
    """Return the protocol column; several codes may share a name."""
    texts = columns.protocol_names()
    unique = sorted(set(texts))
    place = {text: number for number, text in enumerate(unique)}
    codes = np.array([place[text] for text in texts], _code_type(unique))
    names_dtype = pd.CategoricalDtype(pd.Index(unique, dtype="str"))
    made = computed(columns.count, codes.dtype, lambda some: codes[rows.protocol[some]])
    return pd.Categorical.from_codes(made, dtype=names_dtype, validate=False)


def _sack(starts: npt.NDArray[np.int32], edges: npt.NDArray[np.uint32]) -> Any:
    """Return the SACK column, an Arrow list for each row, null without the option; `starts` has one value more."""
    count = starts.size - 1
    bits = new_column(-(-count // 8), np.uint8)  # of rows that have a list, as Arrow keeps them
    for some in stretches(bits.size):
        at = starts[8 * some.start : min(8 * some.stop, count) + 1]
        bits[some] = np.packbits(at[1:] != at[:-1], bitorder="little")
        give_back_after(8 * some.stop, 8 * (some.stop - some.start))
    buffers = [pa.py_buffer(bits), pa.py_buffer(starts)]
    lists = pa.Array.from_buffers(pa.list_(pa.uint32()), count, buffers, children=[pa.array(edges)])
    return pd.arrays.ArrowExtensionArray(lists)


def _filled(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column that has the same value everywhere as one that can be written to."""
    return computed(column.size, column.dtype, lambda _rows: column[:1])
