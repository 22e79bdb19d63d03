import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.capture.bits import be16, be32, be64, byte, u16, u32


@numba.njit
def read_at(buffer, at):
    """Every read at one place; the reads themselves are for compiled code only."""
    big = byte(buffer, at), be16(buffer, at), be32(buffer, at), u16(buffer, at, True), u32(buffer, at, True)
    return be64(buffer, at), big, (u16(buffer, at, False), u32(buffer, at, False))


def test_byte_orders():
    buffer = np.array([0x00, 0xF1, 0x02, 0x83, 0x04, 0x95, 0x06, 0x87, 0xFF], np.uint8)
    eight, big, little = read_at(buffer, 1)
    assert eight == 0xF1028304950687FF
    assert big == (0xF1, 0xF102, 0xF1028304, 0xF102, 0xF1028304)
    assert little == (0x02F1, 0x048302F1)


@given(st.binary(min_size=8, max_size=8))
def test_agrees_with_python(data):
    eight, big, little = read_at(np.frombuffer(bytearray(data), np.uint8), 0)
    assert eight == int.from_bytes(data, "big")
    assert big == tuple(int.from_bytes(data[:size], "big") for size in (1, 2, 4, 2, 4))
    assert little == tuple(int.from_bytes(data[:size], "little") for size in (2, 4))
