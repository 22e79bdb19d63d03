"""Relative numbers and windows where a host seems to send SYN-ACKs with different numbers."""

import pandas as pd
import pytest

from tests.builders import Conversation
from tests.segments.exchange.talks import Begin, every_kind
from tests.segments.made import segments

COUNTED = ["rel_seq", "rel_ack", "window_bytes"]


def foreign_syn_ack(talk: Conversation, seq: int, scale: int | None = 9) -> Conversation:
    """A SYN-ACK that no host of this conversation sent; neither of them takes it."""
    server, options = talk.hosts["server"], talk._syn_options
    following, talk._syn_options = server.next, options | {"wscale": scale}
    talk.syn_ack(seq=seq, lost=True, after=0.003)
    server.next, talk._syn_options = following, options
    return talk


def goes_on(talk: Conversation) -> Conversation:
    return talk.data("server", 3_000, segment=1_000).ack("client").data("client", 700).ack("server").close()


@pytest.mark.parametrize("scale", [9, 0, None])
@pytest.mark.parametrize("seq", [1_600_000_000, -1_600_000_000, 77, 2**31])
@every_kind
def test_a_foreign_syn_ack_changes_nothing(begin: Begin, seq: int, scale: int | None) -> None:
    plain, mixed = goes_on(begin()), goes_on(foreign_syn_ack(begin(), seq, scale))
    made, foreign = segments(mixed), len(begin().frames) + 1
    expected = segments(plain)[COUNTED].reset_index(drop=True)
    pd.testing.assert_frame_equal(made[COUNTED].drop(index=foreign).reset_index(drop=True), expected)
    assert made.loc[foreign, "rel_seq"] == 0
    assert made["capture_gap"].sum() == made["resent"].sum() == 0


@pytest.mark.parametrize("foreign", [12_345_678, -99])
def test_between_the_syn_ack_and_its_acknowledgement(foreign: int) -> None:
    talk = foreign_syn_ack(Conversation().syn().syn_ack(), foreign, scale=None).ack("client", after=0.001)
    made = segments(goes_on(talk))
    assert made["rel_seq"].tolist()[:4] == [0, 0, 0, 1]
    assert made["rel_ack"].astype(object).tolist()[3:5] == [1, 1]
    assert (made["window_bytes"].iloc[3:] == 502 << 7).all()


@pytest.mark.parametrize("scales", [(7, 9), (None, 3), (3, None)])
def test_the_one_that_is_acknowledged_counts_though_it_came_second_and_the_first_is_repeated(
    scales: tuple[int | None, int | None],
) -> None:
    """SYN cookies, or two back ends: the first SYN-ACK was lost on its way to the client."""
    first, second = scales
    talk = foreign_syn_ack(Conversation().syn(), -5_000_000, first)
    talk._syn_options["wscale"] = second
    talk.syn(after=1).syn_ack().ack("client").data("client", 10)
    talk = foreign_syn_ack(talk, -5_000_000, first)
    made = segments(goes_on(talk.ack("client")))
    # SYN, first, SYN again, second, its ACK, data, first again
    assert made["rel_seq"].tolist()[:9] == [0, 0, 0, 0, 1, 1, 0, 11, 1]
    assert made["rel_ack"].astype(object).tolist()[4:9] == [1, 1, 11, 1, 11]
    server = made[~made["from_client"] & (made["tcp_flags"] & 2 == 0)]
    assert (server["window_bytes"] == 502 << (second or 0)).all()


def test_a_capture_that_begins_later_does_not_learn_the_scale_from_a_foreign_syn_ack() -> None:
    talk = Conversation().handshake(drop=True).data("client", 10).ack("server")
    made = segments(goes_on(foreign_syn_ack(talk, 500_000_000)))
    syns = made["tcp_flags"] & 2 != 0
    assert made.loc[~syns, "window_bytes"].isna().all()
    assert made.loc[~syns & ~made["from_client"], "rel_seq"].max() == 3_001


def test_a_capture_that_begins_with_the_last_packet_of_the_handshake() -> None:
    """Its acknowledgement says where the server's bytes begin, the foreign SYN-ACK after it does not."""
    talk = Conversation().syn(drop=True).syn_ack(drop=True).ack()
    made = segments(goes_on(foreign_syn_ack(talk, 500_000_000).ack("client")))
    assert made["rel_seq"].tolist()[:4] == [1, 0, 1, 1]
    assert made["rel_ack"].astype(object).tolist()[0] == made["rel_ack"].astype(object).tolist()[2] == 1
    assert (made["resent"].sum(), made["reordered"].sum(), made["capture_gap"].sum()) == (0, 0, 0)


def test_a_syn_ack_for_an_earlier_syn_is_not_this_connection_s() -> None:
    """The client tried again with another number; an answer to its first SYN comes late."""
    talk = Conversation(client_isn=900_000).syn()
    talk.hosts["client"].isn = 100
    talk.hosts["client"].next = 0
    talk.syn(after=1)
    talk = foreign_syn_ack(talk, 40_000_000)
    before, late = segments(talk), talk.frames.pop()
    late_talk = Conversation(client_isn=900_000).syn().syn_ack(seq=40_000_000, after=0.02)
    assert len(before) == 3
    talk.frames.append((late[0], late_talk.frames[1][1]))
    made = segments(goes_on(talk.syn_ack().ack()))
    assert made["conn_id"].tolist()[:5] == [0, 1, 1, 1, 1]
    assert made["acks_unsent"].tolist()[:5] == [False, False, True, False, False]
    assert made["rel_seq"].tolist()[:6] == [0, 0, 0, 0, 1, 1]
    assert made["rel_ack"].astype(object).tolist()[3:6] == [1, 1, 1]
    assert (made["capture_gap"].sum(), made["resent"].sum()) == (0, 0)


def test_a_syn_ack_repeated_after_the_acknowledgement_is_a_retransmission() -> None:
    """The client's ACK was lost behind the capture point."""
    talk = Conversation().syn().syn_ack().ack(lost=True).syn_ack(after=1).ack()
    made = segments(goes_on(talk))
    assert made.index[made["resent"]].tolist() == [4]
    assert made["rel_seq"].tolist()[:6] == [0, 0, 1, 0, 1, 1]


def test_numbers_beyond_4_gib_stay_unwrapped() -> None:
    talk = Conversation().handshake()
    for turn in range(1, 6):
        talk.hosts["server"].next = talk.hosts["client"].acked = turn << 30
        talk.data("server", 100).ack("client")
    foreign_syn_ack(talk, 5_000).data("server", 100).ack("client")
    made = segments(talk)
    assert made["rel_seq"].max() == (5 << 30) + 100
    assert made["rel_ack"].max() == (5 << 30) + 200
