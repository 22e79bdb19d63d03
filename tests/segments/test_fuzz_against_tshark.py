"""Random traffic, labelled by pcapframe and by tshark 4.0: not one segment may differ."""

from pathlib import Path
from unittest import mock

import hypothesis
import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.check import check_labels, tshark_segments
from tests.builders import packet, pcap
from tests.segments.traffic import random_capture

NUMBERS = ("seq", "payload_bytes", "ack_rtt_s", "bytes_in_flight", "duplicate_ack_num")
SHORTEST_TIME = 1e-9  # tshark's times are decimal, ours binary [s]
KINDS = {
    "usual": {},
    "damaged": {"damage": 0.2},  # headers that lie, options that do not parse, captured in part
    "long": {"most": 1500, "at_once": 3},
}
RUNS = 1 + hypothesis.settings().max_examples // 500  # more of them in `make fuzz`


def frames_where(differs: np.ndarray, name: str, frames: pd.Index, theirs: object, ours: object) -> list[str]:
    """Texts of the first differences."""
    table = pd.DataFrame({"theirs": np.asarray(theirs), "ours": np.asarray(ours)}, frames)[differs]
    return [f"frame {row.Index} {name}: tshark {row.theirs}, we {row.ours}" for row in table.head(20).itertuples()]


def unequal(theirs: pd.Series, ours: pd.Series) -> np.ndarray:
    """Where one has a number that the other has not."""
    a, b = theirs.to_numpy(np.float64), ours.to_numpy(np.float64, na_value=np.nan)
    return ~((np.isnan(a) & np.isnan(b)) | (np.abs(a - b) < SHORTEST_TIME * 2))


def differences(path: Path) -> list[str]:
    """Everything in which segments and connections differ from what tshark shows."""
    labels = check_labels(path).differing
    found = [f"frame {row.Index} {row.label}: tshark {row.tshark}" for row in labels.head(20).itertuples()]
    # Wireshark goes by the latest SYN-ACK, not by the one that was taken.
    with mock.patch("pcapframe.segments.exchange.number_by_taken_syn_acks"):
        segments = pf.label_segments(pf.read_pcap(path))
    connections = pf.build_connections(segments)
    first, final = (tshark_segments(path, passes=passes).loc[segments.index] for passes in (1, 2))
    for name in NUMBERS:
        found += frames_where(unequal(final[name], segments[name]), name, segments.index, final[name], segments[name])

    frames = segments.index.to_series()
    starts = [frames.groupby(table["conn_id"]).transform("min") for table in (final, segments)]
    found += frames_where((starts[0] != starts[1]).to_numpy(), "first of its connection", frames.index, *starts)

    # Wireshark shows the raw window where it does not know the scale, or the header is not all there.
    raw = first["payload_bytes"].isna() | segments["window_bytes"].isna()
    window = segments["window"].where(raw, segments["window_bytes"])
    shown = first["window_bytes"].notna()
    differs = unequal(first["window_bytes"], window) & shown.to_numpy()
    found += frames_where(differs, "window", frames.index, first["window_bytes"], window)

    of = connections.reindex(segments["conn_id"]).set_index(segments.index)
    rtt = first["initial_rtt_s"]
    differs = unequal(rtt.where(rtt > 0), of["initial_rtt_s"]) & rtt.notna().to_numpy()
    found += frames_where(differs, "initial_rtt", frames.index, rtt, of["initial_rtt_s"])

    # Of the whole connection: what the last frame shows. That ports were reused is not to be seen where Wireshark
    # gives up the connection's first frame.
    opening = segments[~segments["conn_id"].duplicated()]
    whole = (
        opening["options_malformed"].notna() & opening["payload_bytes"].notna() & (opening["tcp_header_bytes"] >= 20)
    )
    is_last = ~segments["conn_id"].duplicated(keep="last") & segments["conn_id"].isin(opening["conn_id"][whole])
    differs = is_last & final["completeness"].notna() & (final["completeness"] != of["completeness"])
    found += frames_where(differs.to_numpy(), "completeness", frames.index, final["completeness"], of["completeness"])
    return found


@pytest.mark.fuzz
@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("kind", KINDS)
def test_random_traffic(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "random.pcap"
    for seed in range(RUNS):
        path.write_bytes(random_capture(seed, 6_000, **KINDS[kind]))
        assert differences(path) == [], f"seed {seed}"


@pytest.mark.needs_program("tshark")
def test_no_more_than_ten_thousand_segments_are_remembered(tmp_path: Path) -> None:
    frames = [(k / 1000, packet(flags="A", seq=2**32 - 5000 + k, ack=1, payload=1)) for k in range(10_050)]
    peer = {"src": "198.51.100.1", "dst": "192.0.2.1", "sport": 80, "dport": 40000, "flags": "A", "seq": 1}
    for k in (10, 9_000, 9_999, 10_001, 10_002, 10_050):
        frames.append((11 + k / 1000, packet(**peer, ack=2**32 - 5000 + k)))
        frames.append((11.0001 + k / 1000, packet(flags="A", seq=5051 + k, ack=1, payload=1)))
    path = tmp_path / "many.pcap"
    path.write_bytes(pcap(frames))
    assert differences(path) == []
