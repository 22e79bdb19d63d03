"""RSTs and probes against kernels, and the packets that the lab forges."""

from pathlib import Path

import pytest

from data.lab.link import ACK, ETHERNET, RST, SYN, Rule, bare_segment, frame_fields
from data.lab.meaning import Meaning, meaning_table, score_meaning
from data.lab.scoring import Score, recordings
from data.lab.verdicts import emissions, mark_forged
from tests.builders import checksum

CAPTURES = Path(__file__).parent / "captures"


def test_rsts_that_the_kernel_did_not_heed_and_probes_as_it_counted_them(capsys):
    found = [score_meaning(recording) for recording in recordings(CAPTURES)]
    ignored = sum((one.ignored for one in found), Score())
    assert ignored.hits >= 5
    assert ignored.errors == 0
    for kind, least in (("keep_alive", 10), ("zero_window", 0)):
        pairs = [one.probes[kind] for one in found if kind in one.probes]
        assert sum(kernel for _, kernel in pairs) >= least
        assert all(ours == kernel for ours, kernel in pairs)
    meaning_table(found)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_what_differs_from_the_kernel_is_listed(capsys):
    meaning_table([Meaning("made", "client", Score(1, 0, 1), {"keep_alive": (2, 3), "zero_window": (1, 1)})])
    printed = capsys.readouterr().out
    assert "1 found, 0 false, 1 missed" in printed
    assert "2 by us, 3 by the kernel; equal at 0 of 1 hosts" in printed
    assert printed.splitlines()[-1].startswith("  made.client: keep_alive 2/3, RSTs")


def test_a_forged_segment_has_the_checksum_of_its_pseudo_header():
    packet = bare_segment("192.0.2.10", 20001, "198.51.100.20", 9000, RST, 5, 7)
    pseudo = packet[12:20] + bytes([0, 6, 0, 20])
    assert len(packet) == 40
    assert checksum(pseudo + packet[20:]) == 0
    whole = bytes(12) + b"\x08\x00" + packet[:2] + bytes([0, 40]) + packet[4:]  # the kernel fills in the length
    assert len(whole) == ETHERNET + 40
    fields = frame_fields(whole)
    assert (fields["kind"], fields["seq"], fields["ack"], fields["payload_bytes"]) == ("rst", 5, 7, 0)


@pytest.mark.parametrize(("payload_bytes", "matches"), [(1_200, False), (1_201, True)])
def test_a_path_that_drops_large_packets_only(payload_bytes, matches):
    rule = Rule("drop", to="client", over_bytes=1_200)
    assert rule.matches({"to": "client", "kind": "data", "payload_bytes": payload_bytes}) is matches
    assert not rule.matches({"to": "client", "kind": "other"})


def test_a_forged_syn_ack_is_of_no_stream():
    """Its number would be taken for a new stream's, and what follows for sent again."""
    ends = {"src": "a", "src_port": 1, "dst": "b", "dst_port": 2, "payload_bytes": 0, "out": [1]}
    genuine = ends | {"kind": "syn_ack", "seq": 100, "flags": SYN | ACK}
    forged = ends | {"kind": "syn_ack", "seq": 9_000, "flags": SYN | ACK}
    data = ends | {"kind": "data", "seq": 101, "flags": ACK, "payload_bytes": 10}
    log = [genuine, forged, data, dict(data)]
    mark_forged(log, [{key: forged[key] for key in ("src", "src_port", "dst", "dst_port", "seq", "flags")}])
    made = emissions(log)
    assert [emission.stream is None for emission in made] == [False, True, False, False]
    assert [emission.resent for emission in made] == [False, False, False, True]


def test_only_a_rst_that_was_not_heeded_is_ignored():
    ends = {"src": "a", "src_port": 1, "dst": "b", "dst_port": 2, "flags": RST, "kind": "rst"}
    log = [ends | {"seq": 5}, ends | {"seq": 6}, ends | {"seq": 7}]
    mark_forged(log, [log[0] | {"ignored": True}, log[1] | {"ignored": False}])
    assert [entry.get("ignored") for entry in log] == [True, False, None]
