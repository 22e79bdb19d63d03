"""Turns against an application that knows its requests, responses and service times."""

from pathlib import Path

from data.lab.link import ACK, SYN
from data.lab.scoring import recordings
from data.lab.serving import note_packets, score_services, services_table

CAPTURES = Path(__file__).parent / "captures"


def test_turns_of_an_application_at_its_server(capsys):
    (recording,) = [one for one in recordings(CAPTURES) if one.scenario == "services"]
    found = score_services(recording, recording)
    assert len(found) == 48
    assert all(one.fits for one in found)
    assert all(one.application_s <= one.packets_s for one in found)
    services_table([found])
    assert "48 of 48 with the same bytes, 48 with the service time" in capsys.readouterr().out


def test_the_log_says_when_the_request_was_there_and_the_response_left():
    """The second segment of the request is lost at first, and the first byte of the response is sent twice."""
    ends = {"src": "c", "src_port": 1, "dst": "s", "dst_port": 2, "kind": "data", "flags": ACK, "payload_bytes": 10}
    back = ends | {"src": "s", "src_port": 2, "dst": "c", "dst_port": 1}
    log = [
        ends | {"kind": "syn", "flags": SYN, "seq": 100, "payload_bytes": 0, "at": 0, "out": [5]},
        back | {"kind": "syn_ack", "flags": SYN | ACK, "seq": 900, "payload_bytes": 0, "at": 6, "out": [11]},
        ends | {"seq": 101, "at": 20, "out": [25]},
        ends | {"seq": 111, "at": 21, "out": []},
        ends | {"seq": 111, "at": 60, "out": [65]},
        back | {"seq": 901, "at": 100, "out": [105]},
        back | {"seq": 901, "at": 200, "out": [205]},
    ]
    info = {"local": ("s", 2), "remote": ("c", 1), "turns": [{"request_bytes": 20, "response_bytes": 10}]}
    note_packets(log, [info, {}])
    assert info["turns"][0]["packets_ns"] == 100 - 65
