import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.memory import bytes_to_analyze, mib, one_block
from tests.builders import packet, pcap

DTYPES = ["bool", "uint8", "int16", "uint32", "int64", "float64"]


@given(rows=st.integers(0, 300), dtypes=st.lists(st.sampled_from(DTYPES), max_size=8))
def test_columns_share_no_byte(rows: int, dtypes: list[str]) -> None:
    columns = one_block(rows, dtypes)
    assert [column.dtype.name for column in columns] == dtypes
    assert all(column.shape == (rows,) and column.flags.c_contiguous and column.flags.aligned for column in columns)
    for number, column in enumerate(columns):
        column[:] = number % 2
    for number, column in enumerate(columns):
        assert (column == number % 2).all()


def test_one_piece_of_memory() -> None:
    first, last = one_block(10, ["uint8", "int64"])
    assert np.shares_memory(first.base, last.base)


def test_estimates_are_above_what_the_frames_take() -> None:
    captures = [
        [b""] * 5000,
        [packet(payload=10, flags="A")] * 5000,
        [packet(sport=1024 + n, flags="S") for n in range(5000)],
    ]
    for frames in captures:
        found = pf.analyze(pcap(list(enumerate(frames))))
        taken = sum(
            int(frame.memory_usage(index=False).sum()) for frame in (found.packets, found.segments, found.connections)
        )
        assert bytes_to_analyze(len(found.packets), len(found.segments), len(found.connections)) > taken


def test_mebibytes_are_rounded_up() -> None:
    assert [mib(n) for n in (0, 1, 1 << 20, (1 << 20) + 1, 5000 << 20)] == [
        "0 MiB", "1 MiB", "1 MiB", "2 MiB", "5,000 MiB"
    ]  # fmt: skip
