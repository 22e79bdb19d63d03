"""Sentences and counts of joins, worked out by hand."""

import json
from fractions import Fraction

from pcapframe.joining.summary import describe_join, summarise_join
from tests.builders import Conversation
from tests.joining.made import ISNS, beyond, joined, talk, translated


def lost_and_sent_again():
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True)
    made.wait(0.3).retransmit("client").ack("server").data("server", 500).ack("client").close()
    frames = list(made)
    return joined(frames, beyond(frames, without=(4,)))


def test_retransmission_that_follows_a_loss():
    made = lost_and_sent_again()
    sentences = list(describe_join(made))
    assert sentences[0] == "1 of 1 retransmission follow a loss between client and server, 0 follow none."
    # the client sent SYN, ACK, the request twice, an ACK, FIN and the last ACK: seven packets
    assert sentences[1] == "Of 7 packets to the server at client, 1 was lost before server (14.3 %)."


def test_times_split_path_and_host():
    """20 ms there and back, 4 ms each way to the other point: 12 of the 20 ms are spent beyond it."""
    sentences = list(describe_join(joined(list(talk(3)), beyond(talk(3)))))
    assert "Of the handshake's round trip at client, 20 ms in the median, 12 ms are spent beyond server." in sentences
    assert any(
        text.startswith("From client to server packets take 4 ms at least, 4 ms in the median") for text in sentences
    )


def test_added_reset_comes_first():
    before = Conversation(**ISNS).handshake().data("client", 100).ack("server")
    number = len(list(before)) + 1
    frames = list(before.rst("server").wait(0.3).data("server", 500, seq=1).ack("client"))
    made = joined(frames, beyond(frames, without=(number,)))
    assert next(describe_join(made)) == (
        f"The RST in frame {number} at client did not pass server, and its sender went on sending."
    )


def test_translated_addresses():
    made = joined(list(talk(3)), translated(beyond(talk(3))))
    assert (
        "1 of 1 common connection have other addresses or ports at server: 192.0.2.1 port 40000 is 203.0.113.9 port "
        "61000 there." in list(describe_join(made))
    )


def test_summary_is_for_json():
    summary = json.loads(json.dumps(summarise_join(lost_and_sent_again())))
    assert summary["connections"]["common"] == 1
    assert summary["connections"]["matched_by"] == {"ports_and_isn": 1}
    assert summary["fates"]["to_server"] == {
        "passed": 6, "lost_between": 1, "not_captured": 0, "added": 0, "unknown": 0,
    }  # fmt: skip
    assert [point["name"] for point in summary["points"]] == ["client", "server"]
    assert summary["points"][0]["offset_s"] == 0


def test_summary_without_anything_common():
    one = list(talk(3))
    two = list(Conversation("192.0.2.7", client_isn=0x51234567, server_isn=0x61234567).handshake())
    summary = json.loads(json.dumps(summarise_join(joined(one, two))))
    assert summary["connections"]["only_at"] == {"client": 1, "server": 1}
    assert summary["points"][1]["offset_s"] is None
    assert summary["stands_out"] == []
    assert len(summary["notes"]) == 1


def test_copies_made_on_the_way():
    frames = list(talk(3))
    there = beyond(frames)
    there.insert(4, (there[3][0] + Fraction(1, 100_000), there[3][1]))
    assert "1 packet to the server is a copy made between client and server." in describe_join(joined(frames, there))
