import numpy as np

from pcapframe.jit import jit, unchecked
from pcapframe.names.pool import LONGEST_NAME, NO_NAME, Pool, add_name, is_short, new_pool, pool_names, pool_with_room


@jit
def _add(pool: Pool, data: np.ndarray, at: int, end: int) -> int:
    return add_name(pool, unchecked(data), at, end)


@jit
def _is_short(pool: Pool) -> bool:
    return is_short(pool)


def add(pool: Pool, name: bytes) -> int:
    data = np.frombuffer(b"<" + name + b">", np.uint8).copy()
    return _add(pool, data, np.int64(1), np.int64(1 + len(name)))


def test_each_name_is_kept_once_as_it_is() -> None:
    pool = new_pool()
    given = [b"a.example", b"b", b"A.example", b"a.example", b"\xff\x00", b"b"]
    assert [add(pool, name) for name in given] == [0, 1, 2, 0, 3, 1]
    assert pool_names(pool) == ["a.example", "b", "A.example", "\\xff\x00"]


def test_no_name_and_too_long_ones() -> None:
    pool = new_pool()
    assert [add(pool, b""), add(pool, b"x" * (LONGEST_NAME + 1))] == [NO_NAME, NO_NAME]
    assert add(pool, b"x" * LONGEST_NAME) == 0


def test_it_grows_and_keeps_numbers() -> None:
    pool = new_pool()
    for number in range(12_000):
        if _is_short(pool):
            pool = pool_with_room(pool)
        assert add(pool, b"%d.example" % number + b"x" * 200) == number
    assert add(pool, b"7.example" + b"x" * 200) == 7
    assert pool_names(pool)[11_999] == "11999.example" + "x" * 200
