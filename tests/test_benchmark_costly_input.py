"""The costly inputs are what they say, and a missed bar is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import costly_input
from pcapframe.analysis import analyze
from pcapframe.errors import CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from pcapframe.schema import LABELS, names

SCRIPT = Path(costly_input.__file__)


@pytest.mark.parametrize("name", ["protocol codes", "link types", "addresses, new ones", "SACK blocks"])
def test_packets_are_those_that_time_is_divided_by(name):
    made = costly_input.INPUTS[name]()
    with pytest.warns(CaptureWarning) if name == "link types" else pytest.MonkeyPatch.context():
        packets = read_pcap(made.data, progress=False)
    assert len(packets) == made.packets
    assert not capture_info(packets).truncated
    if name == "SACK blocks":
        assert packets["sack"].notna().all()
    if name == "addresses, new ones":
        assert packets["src"].nunique() == made.packets


def test_a_row_has_its_figures():
    found = subprocess.run([sys.executable, SCRIPT, "pcapng options"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.splitlines()[1].split()[:3] == ["pcapng", "options", "1"]


@pytest.mark.parametrize("figure", ["seconds", "mb", "characters", "packets"])
def test_a_bar_that_is_missed(figure, capsys):
    kept = {"seconds": 0.5, "mb": 100.0, "characters": 3000, "packets": 7}
    assert costly_input.report("x", costly_input.Input(b"", 7), kept)
    assert not costly_input.report("x", costly_input.Input(b"", 7), {**kept, figure: kept[figure] + 1e6})
    assert capsys.readouterr().out.splitlines()[1].endswith("MISSED")


def test_three_times_the_time_of_ordinary_packets_is_a_bar(capsys):
    found = {"seconds": 0.6, "mb": 100.0, "characters": 3000, "packets": 7}
    assert costly_input.report("x", costly_input.Input(b"", 7), found, 0.2)
    assert not costly_input.report("x", costly_input.Input(b"", 7), found, 0.19)
    assert capsys.readouterr().out.splitlines()[1].endswith("MISSED")


def test_ordinary_packets_are_connections_without_a_fault():
    analysis = analyze(costly_input.ordinary(2_010).data, progress=False)
    connections, labels = analysis.connections, list(names(LABELS))
    assert len(analysis.packets) == 2_010
    assert len(connections) == 41
    assert (connections["handshake"] == "complete").all()
    assert (connections["ending"].iloc[:-1] == "fin").all()
    assert analysis.segments[labels].sum().sum() == 0
    assert (connections["client_payload_bytes"].iloc[:-1] == 22 * 100).all()
