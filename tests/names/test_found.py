import numpy as np

from pcapframe.names.applications import TEXTS
from pcapframe.names.beginnings import HEARD, NOT_FIRST
from pcapframe.names.dns import ANSWER
from pcapframe.names.found import (
    ADDRESSED,
    Heard,
    heard_by_frame,
    named_connections,
    read_heard,
    read_named,
    written_heard,
    written_named,
)

NO_ANSWERS = np.zeros(0, ANSWER)
CODES = {name: number for number, name in TEXTS.items()}


def heard(*rows: tuple[int, int, int, int]) -> Heard:
    return Heard(["a", "b", "c"], np.array(list(rows), HEARD), [], np.zeros(0, ADDRESSED))


def test_rows_become_frames_even_when_captures_are_merged() -> None:
    entries = heard((0, 0, 0, -1), (1, 0, 1, -1), (2, 0, 2, -1)).entries
    assert heard_by_frame(["a"], entries, NO_ANSWERS, None).entries["row"].tolist() == [1, 2, 3]
    moved = heard_by_frame(["a"], entries, NO_ANSWERS, np.array([2, 0, 1]))
    assert (moved.entries["row"].tolist(), moved.entries["name"].tolist()) == ([1, 2, 3], [1, 2, 0])


def test_both_texts_are_read_as_they_were_written() -> None:
    one = heard((1, CODES["tls"], 0, 1))
    assert read_heard({"payload_names": written_heard(one)}).names == ["a", "b", "c"]  # type: ignore[union-attr]
    named = named_connections(one, np.array([1]), np.array([5]), np.array([True]))
    again = read_named({"names": written_named(named)})
    assert again is not None
    assert (again.names, again.applications, again.entries.tolist()) == (["a", "b"], ["tls"], [(5, 0, 1, 0)])
    assert read_heard({}) is read_named({}) is None


def test_the_first_name_counts_and_both_sides_tell_the_application() -> None:
    found = named_connections(
        heard((2, CODES["220"], -1, -1), (3, CODES["USER"], -1, -1), (5, NOT_FIRST, 2, -1), (6, NOT_FIRST, 1, 0)),
        np.array([2, 3, 4, 5, 6]),
        np.array([7, 7, 8, 7, 7]),
        np.array([False, True, True, True, True]),
    )
    ((number, name, protocols, application),) = found.entries.tolist()
    assert (number, found.names[name], found.names[protocols], found.applications[application]) == (7, "c", "a", "ftp")


def test_frames_that_are_no_segments_and_other_orders() -> None:
    one = heard((1, 0, 0, -1), (4, 0, 1, -1))
    found = named_connections(one, np.array([5, 4, 2]), np.array([1, 2, 3]), np.array([True, True, True]))
    assert found.entries[["conn_id", "server_name"]].tolist() == [(2, 0)]
    assert found.names == ["b"]
    assert named_connections(one, np.array([], np.int64), np.array([]), np.array([])).entries.size == 0


def test_names_of_addresses_by_frame() -> None:
    answers = np.zeros(3, ANSWER)
    answers["row"], answers["name"], answers["family"] = [4, 2, 0], [0, 1, 2], 4
    answers["low"] = [0xC0000201, 0xC0000202, 0xCB007101]
    found = heard_by_frame(
        ["a", "b", "elsewhere"],
        np.zeros(0, HEARD),
        answers,
        None,
        known=lambda: ["192.0.2.1", "192.0.2.2"],
        given=[("192.0.2.2", "ours"), ("192.0.2.2", "ours"), ("192.0.2.77", "nobody")],
    )
    told = [(frame, found.addresses[address], found.names[name]) for frame, address, name in found.answers.tolist()]
    assert told == [(0, "192.0.2.2", "ours"), (3, "192.0.2.2", "b"), (5, "192.0.2.1", "a")]
    again = read_heard({"payload_names": written_heard(found)})
    assert again is not None
    assert again.answers.tolist() == found.answers.tolist()
