"""DataFrame.tcp forwards to the stages and the charts."""

import subprocess
import sys

import pandas as pd
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
import pcapframe.accessor


@pytest.fixture(scope="module")
def packets() -> pd.DataFrame:
    return pf.read_pcap(pf.example("resets.pcap"))


def test_stages(packets: pd.DataFrame) -> None:
    segments = packets.tcp.label_segments()
    pd.testing.assert_frame_equal(segments, pf.label_segments(packets))
    connections = segments.tcp.build_connections()
    pd.testing.assert_frame_equal(connections, pf.build_connections(segments))
    assert segments.tcp.find_patterns(connections) == pf.find_patterns(segments, connections)
    assert packets.tcp.analyze(server_port=80).connections.index.tolist() == (
        pf.analyze(packets, server_port=80).connections.index.tolist()
    )
    assert packets.tcp.capture_info() == pf.capture_info(packets)


def test_charts(packets: pd.DataFrame) -> None:
    segments = packets.tcp.label_segments()
    data = segments.tcp.plots.rst_distribution_data(segments.tcp.build_connections(), by="direction")
    assert data.to_numpy().sum() == 26
    ax = Figure().subplots()
    assert segments.tcp.plots.rst_distribution(by="source", ax=ax) is ax
    assert set(pf.plots.__all__) == set(dir(segments.tcp.plots))


def test_other_names_are_not_there(packets: pd.DataFrame) -> None:
    with pytest.raises(AttributeError, match=r"pcapframe\.plots has no 'pie'"):
        packets.tcp.plots.pie  # noqa: B018


def test_registering_needs_no_matplotlib() -> None:
    code = "import sys, pcapframe.accessor; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert pcapframe.accessor.__all__ == ["Charts", "TcpAccessor"]
