import pandas as pd
import pytest

import pcapframe as pf
from pcapframe import memory
from pcapframe.analysis.events import rows_of_events
from pcapframe.schema import FIN, RST, SYN

LABELS = (
    "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "lost_segment",
    "ack_lost_segment", "duplicate_ack", "keep_alive", "keep_alive_ack", "zero_window", "zero_window_probe",
    "zero_window_probe_ack", "window_update", "window_full", "reused_ports", "capture_duplicate", "resent", "reordered",
    "acks_unsent", "ack_early", "rst_ignored", "fin_ignored",
)  # fmt: skip


def expected(segments: pd.DataFrame) -> list[int]:
    """The rule, segment by segment."""
    marked: set[int] = set()
    last: dict[int, int] = {}
    last_data: dict[int, tuple[int, bool]] = {}
    for row, one in enumerate(segments.itertuples()):
        if one.tcp_flags & (SYN | FIN | RST) or any(getattr(one, label) for label in LABELS):
            marked.add(row)
        if one.capture_gap or not pd.isna(one.probe) or (not pd.isna(one.options_malformed) and one.options_malformed):
            marked.add(row)
        if one.conn_id not in last:
            marked.add(row)
        last[one.conn_id] = row
        if not pd.isna(one.payload_bytes) and one.payload_bytes and not one.capture_duplicate:
            before = last_data.get(one.conn_id)
            if before is None or before[1] != one.from_client:
                marked.add(row)
                if before is not None:
                    marked.add(before[0])
            last_data[one.conn_id] = row, one.from_client
    marked |= {*last.values(), *(row for row, _ in last_data.values())}
    return sorted(marked)


@pytest.mark.parametrize("stretch", [1 << 16, 7])
@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap"])
def test_events_are_those_of_the_rule(name: str, stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = pf.label_segments(pf.read_pcap(pf.example(name)))
    monkeypatch.setattr(memory, "STRETCH_ROWS", stretch)
    assert rows_of_events(segments).tolist() == expected(segments)


def test_no_segments_no_events() -> None:
    segments = pf.label_segments(pf.read_pcap(pf.example("clean.pcap"))).iloc[:0]
    assert not rows_of_events(segments).size


def test_few_segments_of_a_transfer_are_events() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    assert len(analysis.events) < len(analysis.segments)
    pd.testing.assert_frame_equal(analysis.events, analysis.segments.loc[analysis.events.index])
