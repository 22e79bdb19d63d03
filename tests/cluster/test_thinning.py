"""Few packets tell of the health of a capture what all of them tell."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis.clock import clock_steps_of, disagreements
from pcapframe.analysis.health import examine_packets
from pcapframe.cluster._thinning import PACKET_COLUMNS, all_of, rest_of, thinned
from tests.builders import Conversation, merge, pcap


def hold_findings_equal(packets: pd.DataFrame) -> int:
    """Hold the findings of few packets equal to those of all; return how many packets are left out."""
    segments, capture = pf.label_segments(packets), pf.capture_info(packets)
    thin = thinned(packets, few=0)
    some = thin.packets.set_axis(pd.Index(thin.rows + 1, name="frame"), axis=0)
    found = disagreements(segments)
    frames = segments.index.to_numpy()
    named = found._replace(before=frames[found.before], after=frames[found.after])

    def steps(_segments: pd.DataFrame) -> Any:
        is_segment = thin.numbers >= 0
        times = some["time"].to_numpy("datetime64[ns]").view(np.int64)[is_segment]
        return clock_steps_of(times, some.index.to_numpy()[is_segment], named, thin.numbers[is_segment])

    got = examine_packets(some, segments, capture=capture, counts=thin.counts, clock_steps=steps)
    assert got == examine_packets(packets, segments, capture=capture)
    return len(packets) - len(some)


@pytest.mark.parametrize("name", ["losses.pcap", "midstream.pcap", "ipv6.pcapng", "mirrored.pcap.gz"])
def test_findings_are_those_of_all_packets(name: str) -> None:
    assert hold_findings_equal(pf.read_pcap(pf.example(name))) > 0


def test_steps_of_the_clock_and_idle_times_are_told_apart(tmp_path: Path) -> None:
    talks = [Conversation(client_port=50_000 + port).handshake() for port in range(4)]
    for talk in talks:
        for _ in range(30):
            talk.wait(0.01).data("client", 100).ack("server")
        talk.wait(1.5).data("client", 100).ack("server")
    later = [(time + (3600.0 if time > 0.5 else 0.0), data) for time, data in merge(*talks)]
    later[40], later[60] = later[60], later[40]
    packets = pf.read_pcap(pcap(later))
    assert hold_findings_equal(packets) > 0
    names = [finding.name for finding in pf.analyze(packets).health.findings]
    assert {"clock_steps", "time_backwards"} <= set(names)


def test_all_packets_are_read_back() -> None:
    packets = pf.read_pcap(pf.example("resets.pcap"))
    back, latest = all_of(rest_of(packets, np.arange(len(packets))))
    assert latest.tolist() == list(range(len(packets)))
    want = packets[list(PACKET_COLUMNS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(back, want, check_categorical=False)
    assert back.dtypes.astype(str).tolist() == want.dtypes.astype(str).tolist()
