"""Sentences and counts of joins, worked out by hand."""

import json

from pcapframe.joining.summary import describe_path, summarise_join
from tests.builders import Conversation
from tests.joining.made import ISNS, beyond, joined, talk


def lost_and_sent_again():
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True)
    made.wait(0.3).retransmit("client").ack("server").data("server", 500).ack("client").close()
    frames = list(made)
    return joined(frames, beyond(frames, without=(4,)))


def test_times_split_path_and_host():
    """20 ms there and back, 4 ms each way to the other point: 12 of the 20 ms are spent beyond it."""
    made = joined(list(talk(3)), beyond(talk(3), offset=7))
    times, host, clock = describe_path(made)
    assert host == "Of the handshake's round trip at client, 20 ms in the median, 12 ms are spent beyond server."
    assert times.startswith(
        "Between client and server packets take 4 ms to the server and 4 ms to the client (medians, ± "
    )
    assert times.endswith(" ms: the path may be asymmetric).")
    assert clock.startswith("The clock of server is 7.000000 s (± 4.01 ms) ahead of that of client, and runs between ")
    assert list(describe_path(made, clocks=False)) == [times, host]


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
    assert summary["standouts"] == []
    assert len(summary["notes"]) == 1
