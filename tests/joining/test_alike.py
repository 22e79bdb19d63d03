"""Transmissions that are alike: hashes of what must be the same, and chains of the same hash."""

import numpy as np

from pcapframe.joining.alike import group, hash_alike, hash_marks
from pcapframe.joining.facts import NONE
from pcapframe.joining.transmissions import NO_ACK


def hashed(*rows):
    """Hash rows of stream, start, end, kind, acknowledgement."""
    stream, start, end, kind, ack = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    key, place = np.empty(stream.size, np.uint64), np.empty(stream.size, np.int64)
    hash_alike(stream, start, end, kind, ack, key, place)
    return key, place


DATA = (0, 100, 200, 0, 7)
BARE = (0, 100, 100, 0, 7)


def test_data_is_alike_whatever_it_acknowledges_and_a_bare_ack_is_not():
    key, _ = hashed(DATA, (0, 100, 200, 0, 8), BARE, (0, 100, 100, 0, 8), (0, 100, 100, 0, NO_ACK))
    assert key[0] == key[1]
    assert len(set(key[1:].tolist())) == 4


def test_each_field_matters():
    changed = [(1, 100, 200, 0, 7), (0, 101, 201, 0, 7), (0, 100, 201, 0, 7), (0, 100, 200, 1, 7)]
    key, place = hashed(DATA, *changed)
    assert len(set(key.tolist())) == 5
    assert (place >= 0).all()


def test_marks_tell_copies_apart_where_the_path_leaves_them_alone():
    stream, tsval, ip_id = np.array([0, 0, 0]), np.array([10, 10, 11]), np.array([1, 2, 1])
    for shift, has_ids, different in ((NONE, False, 1), (0, False, 2), (NONE, True, 2), (0, True, 3)):
        key, _ = hashed(DATA, DATA, DATA)
        hash_marks(key, stream, tsval, ip_id, np.array([shift]), np.array([has_ids]))
        assert len(set(key.tolist())) == different


def test_those_with_one_hash_are_chained_in_order():
    one, other = hashed(DATA, BARE, DATA), hashed(BARE, DATA, (3, 1, 2, 0, 0), DATA)
    groups = group(*one, *other)
    assert groups.size.tolist() == [2, 1, 0]
    assert groups.follow.tolist() == [2, NONE, NONE]
    assert groups.far_first.tolist() == [1, 0, NONE]
    assert groups.far_size.tolist() == [2, 1, 0]
    assert groups.far_follow.tolist() == [NONE, 3, NONE, NONE]
