"""Keep-alives and window probes, and their answers, by RFC 9293 sections 3.8.4 and 3.8.6.1."""

from tests.builders import Conversation
from tests.segments.exchange.talks import Begin, every_kind
from tests.segments.made import segments


def probes(*conversations: Conversation) -> list[tuple[int, str, int | None]]:
    """Frame, kind and frame of the answer, counted from the last packet before the first probe."""
    made = segments(*conversations)
    found = made[made["probe"].notna()]
    first = int(found.index[0]) - 1 if len(found) else 0
    answers = [None if value is None else int(value) - first for value in found["answered_by"].astype(object).where(
        found["answered_by"].notna(), None)]  # fmt: skip
    return list(zip((found.index - first).tolist(), found["probe"].tolist(), answers, strict=True))


@every_kind
def test_a_keep_alive_and_its_answer(begin: Begin) -> None:
    talk = begin().wait(60).keep_alive("client").ack("server").wait(60).keep_alive("client")
    assert probes(talk.wait(10).keep_alive("client").rst("client")) == [
        (1, "keep_alive", 2), (3, "keep_alive", None), (4, "keep_alive", None),
    ]  # fmt: skip


@every_kind
def test_a_keep_alive_with_a_byte(begin: Begin) -> None:
    assert probes(begin().wait(60).keep_alive("server", 1).ack("client")) == [(1, "keep_alive", 2)]


@every_kind
def test_one_below_the_next_byte_against_a_closed_window_is_a_window_probe(begin: Begin) -> None:
    """Linux sends no byte: Wireshark calls it a keep-alive."""
    talk = begin().data("client", 100).ack("server", window=0).wait(0.3)
    talk.keep_alive("client").ack("server", window=0).wait(0.6).keep_alive("client")
    made = segments(talk)
    assert made["keep_alive"].sum() == 2
    assert probes(talk) == [(1, "zero_window", 2), (3, "zero_window", None)]


@every_kind
def test_one_byte_against_a_closed_window_is_a_probe_and_so_is_the_same_byte_again(begin: Begin) -> None:
    talk = begin().data("client", 100).ack("server", window=0)
    acked = talk.hosts["server"].acked
    talk.wait(0.3).data("client", 1, lost=True).ack("server", ack=acked, window=0)
    talk.wait(0.6).retransmit("client", lost=True).ack("server", ack=acked, window=0)
    assert probes(talk) == [(1, "zero_window", 2), (3, "zero_window", 4)]


@every_kind
def test_a_probe_that_is_taken_is_answered_by_an_acknowledgement_with_data(begin: Begin) -> None:
    talk = begin().data("client", 100).ack("server", window=0).wait(0.3).data("client", 1)
    assert probes(talk.data("server", 50)) == [(1, "zero_window", 2)]


@every_kind
def test_what_is_no_answer(begin: Begin) -> None:
    """A RST, the peer's own probe, its data, and what acknowledges less."""
    talk = begin().wait(60).keep_alive("client").data("server", 100)
    assert probes(talk.rst("server")) == [(1, "keep_alive", None)]
    crossing = begin().wait(60).keep_alive("client").keep_alive("server", after=0.001)
    assert probes(crossing) == [(1, "keep_alive", None), (2, "keep_alive", None)]
    old = begin()
    assert probes(old.wait(60).keep_alive("client").ack("server", ack=1)) == [(1, "keep_alive", None)]


@every_kind
def test_probes_that_cross_are_both_answered(begin: Begin) -> None:
    talk = begin().wait(60).keep_alive("client").keep_alive("server", after=0.001)
    talk.ack("client", after=0.01).ack("server", after=0.01)
    assert probes(talk) == [(1, "keep_alive", 4), (2, "keep_alive", 3)]


@every_kind
def test_what_is_no_probe(begin: Begin) -> None:
    """Bytes that were not acknowledged and come again, new bytes, and acknowledgements."""
    talk = begin().data("client", 1).wait(1).retransmit("client").ack("server")
    assert probes(talk.data("client", 1).ack("server").ack("server").close()) == []


@every_kind
def test_data_after_a_probe_ends_the_wait(begin: Begin) -> None:
    """What comes then acknowledges the data."""
    talk = begin().wait(60).keep_alive("client").data("client", 10).ack("server")
    assert probes(talk) == [(1, "keep_alive", None)]


def test_a_copy_of_a_probe_is_none_and_takes_no_answer() -> None:
    talk = Conversation().handshake().data("client", 10).ack("server").wait(60).keep_alive("client").duplicate()
    made = segments(talk.ack("server"))
    assert made["probe"].notna().sum() == 1
    assert made["answered_by"].dropna().tolist() == [8]
    assert made.index[made["probe"].notna()].tolist() == [6]


def test_a_capture_that_begins_while_idle_knows_probes_from_the_first_answer_on() -> None:
    talk = Conversation().handshake(drop=True).data("client", 10, drop=True).ack("server", drop=True)
    for _ in range(3):
        talk.wait(60).keep_alive("client").ack("server")
    made = segments(talk)
    assert made["probe"].notna().tolist() == [False, False, True, False, True, False]


def test_frames_of_a_selection_keep_their_numbers() -> None:
    talk = Conversation(start=1).handshake().data("client", 10).ack("server")
    talk.wait(60).keep_alive("client").ack("server")
    made = segments(Conversation(client_port=41000).handshake(), talk)
    assert made["answered_by"].dropna().tolist() == [made.index[-1]]
