"""What is refused before any work begins."""

from typing import Any

import pytest

import pcapframe as pf
from pcapframe import cluster
from pcapframe.cluster import _connecting
from pcapframe.cluster._connecting import check_captures
from pcapframe.cluster._sources import Source

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of other packages


def test_captures_that_only_the_client_sees_are_refused(client: Any) -> None:
    with pytest.raises(pf.CaptureNotFoundError, match=r"mine\.pcap: 2 workers of 2, such as tcp.*, cannot see it"):
        check_captures(client, [Source("/nowhere/mine.pcap", "mine.pcap", 24)])


def test_workers_of_another_version_are_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    there = _connecting._about()
    for here, sentence in (
        (("9.9", *there[1:]), r"has pcapframe \S+: expected those of pcapframe 9\.9, as the client"),
        ((there[0], "other", *there[2:]), "has other columns: expected those of the client"),
    ):
        monkeypatch.setattr(_connecting, "_here", lambda here=here: here)
        with pytest.raises(pf.ClusterError, match=sentence):
            cluster.analyze(pf.example("clean.pcap"), client, progress=False)


def test_a_cluster_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connecting, "ANSWER_WITHIN_S", 0.3)
    with pytest.raises(pf.ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9 "):
        cluster.analyze(pf.example("clean.pcap"), "tcp://127.0.0.1:9", progress=False)
    with pytest.raises(pf.ParameterError, match="here is no address of a scheduler"):
        cluster.analyze(pf.example("clean.pcap"), "here", progress=False)
    with pytest.raises(pf.ParameterError, match="keep is 'packets'"):
        cluster.analyze(pf.example("clean.pcap"), keep="packets")  # type: ignore[arg-type]
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None, silence_logs=50) as none,
        distributed.Client(none) as lonely,
        pytest.raises(pf.ClusterError, match=r"has no workers: start some with `dask worker"),
    ):
        cluster.analyze(pf.example("clean.pcap"), lonely, progress=False)
