"""The pass behind `resends`: its bounded lists against lists without a bound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.arrays import fixed
from pcapframe.schema import ACK as ACK_FLAG
from pcapframe.schema import SEGMENTS
from pcapframe.segments.copies import MOST_BLOCKS, NO_ROW, RECENT, Anatomy, Followed, follow

DTYPES = {
    **{column.name: column.plain_dtype for column in SEGMENTS}, "sack_at": np.dtype(np.int64)
}  # fmt: skip


def run(packets: list[dict[str, object]]) -> Anatomy:
    """Follow packets of one connection, given by side, seq, payload, ack, sack and resent."""
    sack = [list(packet.get("sack", ())) for packet in packets]  # type: ignore[call-overload]
    columns = dict.fromkeys(Followed._fields, [0] * len(packets)) | {
        "from_client": [packet["side"] == 0 for packet in packets],
        "tcp_flags": [ACK_FLAG] * len(packets),
        "rel_seq": [packet["seq"] for packet in packets],
        "payload_bytes": [packet["payload"] for packet in packets],
        "ack": [packet.get("ack", 0) for packet in packets],
        "rel_ack": [packet.get("ack", 0) for packet in packets],
        "window": [500] * len(packets),
        "resent": [packet.get("resent", False) for packet in packets],
        "sack_at": np.concatenate([[0], np.cumsum([len(edges) for edges in sack])]),
        "sack": [edge for edges in sack for edge in edges],
    }
    rows = Followed(**{name: fixed(values, DTYPES[name]) for name, values in columns.items()})  # type: ignore[arg-type]
    out = Anatomy(*(np.empty(sum(columns["resent"]), np.int64) for _ in Anatomy._fields))  # type: ignore[arg-type]
    found = follow(rows, len(packets), out)
    return Anatomy(*(column[:found] for column in out))


ranges = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), min_size=1, max_size=60)


@given(ranges)
def test_copies_are_those_that_a_search_of_all_finds(sent: list[tuple[int, int]]) -> None:
    packets = []
    expected = []
    for i, (seq, length) in enumerate(sent):
        before = [k for k, (start, size) in enumerate(sent[:i]) if start < seq + length and seq < start + size]
        packets.append({"side": 0, "seq": seq, "payload": length, "resent": bool(before)})
        if before:
            expected.append((i, before[0], before[-1]))
    seen = run(packets)
    assert list(zip(seen.row.tolist(), seen.first.tolist(), seen.previous.tolist(), strict=True)) == expected


blocks = st.lists(st.tuples(st.integers(1, 300), st.integers(1, 30)), min_size=1, max_size=40)


@given(blocks, st.integers(0, 200))
def test_sacked_bytes_are_those_of_a_set(given_: list[tuple[int, int]], ack: int) -> None:
    packets: list[dict[str, object]] = [{"side": 0, "seq": 0, "payload": 1000}]
    packets += [{"side": 1, "seq": 0, "payload": 0, "ack": 0, "sack": (at, at + size)} for at, size in given_]
    packets += [{"side": 1, "seq": 0, "payload": 0, "ack": ack}]
    packets += [{"side": 0, "seq": ack, "payload": 1, "resent": True}]
    reported = {byte for at, size in given_ for byte in range(at, at + size)}
    assert run(packets).sacked_bytes.tolist() == [sum(byte >= ack for byte in reported)]


def test_ranges_past_the_bound_are_left_out() -> None:
    many = 3 * MOST_BLOCKS
    packets: list[dict[str, object]] = [{"side": 0, "seq": 0, "payload": 10_000}]
    packets += [{"side": 1, "seq": 0, "payload": 0, "sack": (10 * i + 5, 10 * i + 6)} for i in range(many)]
    packets += [{"side": 0, "seq": 0, "payload": 1, "resent": True}]
    assert run(packets).sacked_bytes.tolist() == [MOST_BLOCKS]


def test_repeats_past_the_bound_leave_the_first_copy_found() -> None:
    packets: list[dict[str, object]] = [{"side": 0, "seq": 10 * i, "payload": 10} for i in range(RECENT + 50)]
    packets += [{"side": 0, "seq": 10 * i, "payload": 10, "resent": True} for i in range(RECENT + 50)]
    packets += [{"side": 0, "seq": 0, "payload": 10, "resent": True}]
    seen = run(packets)
    assert seen.first[-1] == 0
    assert seen.previous[-1] == 0  # its repeat is among those forgotten
    assert NO_ROW not in seen.first
