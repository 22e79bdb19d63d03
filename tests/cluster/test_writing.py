"""A store that workers write: the one of one machine."""

import os
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe import cluster
from pcapframe.cluster import _running, _writing
from pcapframe.names import HEARD_IN, NAMES
from pcapframe.store import Store
from tests.cluster.captures import hold_equal, split

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of other packages


def hold_stores_equal(got: Path, want: Path) -> None:
    """Hold all frames, their texts and attributes, and all results equal."""
    mine, others = (Store.opened(folder) for folder in (got, want))
    for name in ("packets", "segments", "events", "connections", "turns"):
        own, other = getattr(mine, name)(), getattr(others, name)()
        assert_frame_equal(own, other)
        if name == "packets":  # of a connection that spans captures, the cluster may hear a name twice
            made = [pf.build_connections(pf.label_segments(frame)) for frame in (own, other)]
            assert_frame_equal(*made)
        assert set(own.attrs) == set(other.attrs)
        assert all(own.attrs[fact] == other.attrs[fact] for fact in own.attrs if fact not in (HEARD_IN, NAMES))
    hold_equal(pf.analyze(got), pf.analyze(want))


@pytest.mark.parametrize(
    ("name", "overlap"),
    [
        pytest.param("losses.pcap", False, marks=pytest.mark.fuzz),
        ("resets.pcap", True),
        pytest.param("workshops/web_shop.pcap.gz", None, marks=pytest.mark.fuzz),
        ("ipv6.pcapng", None),
    ],
)
def test_a_store_is_that_of_one_machine(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, overlap: bool | None
) -> None:
    """Of captures one after another, at the same time, and of two with interfaces; in several files."""
    path = str(pf.example(name))
    files = (
        [path, str(pf.example("clean.pcap")), path]
        if overlap is None
        else split(Path(path), tmp_path, 3, overlap=overlap)
    )
    monkeypatch.setattr(_writing, "ROWS_A_GROUP", 1000)
    got = cluster.convert(files, tmp_path / "got", client, progress=False)
    want = pf.write_store(pf.analyze(files, progress=False), tmp_path / "want")
    assert len(list(got.glob("packets-*.parquet"))) > 1
    hold_stores_equal(got, want)
    whole = pd.read_parquet(sorted(got.glob("packets-*.parquet")))
    one = pd.read_parquet(want / "packets.parquet")
    assert_frame_equal(whole, one, check_categorical=False)


def test_a_large_capture_and_fewer_frames(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_running, "part_bytes", lambda _sources, _threads: 60_000)
    path = str(pf.example("losses.pcap"))
    want = pf.analyze(path, progress=False)
    got = cluster.convert(path, tmp_path / "got", client, progress=False)
    assert [file.name for file in got.glob("packets*")] == ["packets.parquet"]
    hold_stores_equal(got, pf.write_store(want, tmp_path / "want"))
    assert pf.analyze(cluster.convert(path, got, client, "connections", progress=False)).keep == "connections"
    hold_equal(pf.analyze(cluster.convert(path, got, client, "events", progress=False)), want)


def test_a_capture_without_packets(client: Any, tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(Path(pf.example("clean.pcap")).read_bytes()[:24])
    path = str(tmp_path / "none.pcap")
    got = cluster.convert(path, tmp_path / "got", client, progress=False)
    hold_stores_equal(got, pf.write_store(pf.analyze(path, progress=False), tmp_path / "want"))


@pytest.mark.parametrize("when", [1, 10])
def test_what_ends_the_writing_leaves_nothing(client: Any, tmp_path: Path, when: int) -> None:
    """While captures are decoded, and while packets are written."""
    path, kept = str(pf.example("clean.pcap")), tmp_path / "kept"
    told: list[tuple[int, int]] = []

    def stop(*done: int) -> None:
        told.append(done)  # type: ignore[arg-type]
        if len(told) == when or (len(told) > 1 and done[1] > told[0][1]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster.convert(path, kept, client, progress=stop)
    assert (told[-1][1] > told[0][1]) == (when > 1)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_workers_do_not_have_is_refused(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writing, "_mark", lambda _aside: "elsewhere")
    with pytest.raises(pf.ClusterError, match=r"kept: 2 workers of 2, such as tcp.*, cannot write there: expected"):
        cluster.convert(pf.example("clean.pcap"), tmp_path / "kept", client, progress=False)
    assert not list(tmp_path.iterdir())
    with pytest.raises(pf.ParameterError, match="expected a path, not a URL"):
        cluster.convert(pf.example("clean.pcap"), "s3://captures/kept", client)


@pytest.mark.fuzz
@pytest.mark.parametrize("grown", [False, True], ids=["while captures are decoded", "while packets are written"])
def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grown: bool) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(_writing, "ROWS_A_GROUP", 300)
    files = split(Path(pf.example("losses.pcap")), tmp_path, 4)
    killed: list[int] = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made,
        distributed.Client(made) as client,
    ):
        totals: list[int] = []

        def kill(_done: int, total: int) -> None:
            totals.append(total)
            if not killed and (total > totals[0]) == grown:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        got = cluster.convert(files, tmp_path / "got", client, progress=kill)
    assert killed
    hold_stores_equal(got, pf.write_store(pf.analyze(files, progress=False), tmp_path / "want"))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
