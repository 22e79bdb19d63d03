"""What a capture shows of its connections."""

from pcapframe.joining.facts import Capture
from tests.joining.made import ISNS, analysis, talk


def test_numbers_of_a_whole_connection():
    capture = Capture("client", analysis(talk(2)))
    assert capture.initial.tolist() == [[ISNS["client_isn"], ISNS["server_isn"]]]
    # two requests of 100 and responses of 1,000 bytes, a SYN and a FIN each way
    assert capture.numbers["low"].tolist() == [[0, 0]]
    assert capture.numbers["high"].tolist() == [[202, 2002]]
    assert capture.of_syns("mss").tolist() == [[1460, 1460]]


def test_capture_that_begins_later_has_no_initial_numbers():
    capture = Capture("client", analysis(list(talk(4))[6:]))
    assert capture.initial.tolist() == [[-1, -1]]
    assert (capture.numbers["base"] >= 0).all()
