"""Captures on a cluster: the results of one machine, and faults."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe import cluster
from tests.cluster.captures import hold_equal, split

dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of other packages


@pytest.mark.parametrize(
    ("name", "overlap"),
    [("losses.pcap", False), ("resets.pcap", True), ("patterns/port_reuse.pcap", False)],
    ids=["one after another", "at the same time", "ports that are used again"],
)
def test_results_are_those_of_one_machine(client: Any, tmp_path: Path, name: str, overlap: bool) -> None:
    files = split(Path(pf.example(name)), tmp_path, 3, overlap=overlap)
    got = cluster.analyze(files, client, keep="events", progress=False)
    hold_equal(got, pf.analyze(files, keep="events", progress=False))


def test_a_capture_of_another_format_has_its_interfaces_after_those_before(client: Any) -> None:
    files = [str(pf.example(name)) for name in ("ipv6.pcapng", "clean.pcap", "mirrored.pcap.gz", "ipv6.pcapng")]
    got = cluster.analyze(files, client, keep="events", progress=False)
    hold_equal(got, pf.analyze(files, keep="events", progress=False))


def test_roles_are_inferred_by_all_connections(client: Any, tmp_path: Path) -> None:
    """Neither side's port tells: the endpoint that more connections share is the server's, in any part."""
    files = []
    for number, (sender, receiver) in enumerate([(1, 2), (1, 3), (1, 4), (1, 5), (6, 7)]):
        header = b"\x45\0\0\x28\0\0\0\0\x40\x06\0\0" + bytes([192, 0, 2, sender, 192, 0, 2, receiver])
        port = 40_000 + receiver
        tcp = (50_000).to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(8) + b"\x50\x10\xff\xff" + bytes(4)
        frame = bytes(12) + b"\x08\0" + header + tcp
        record = b"".join(value.to_bytes(4, "little") for value in (number + 1, 0, len(frame), len(frame)))
        files.append(tmp_path / f"{number}.pcap")
        files[-1].write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000") + record + frame)
    got = cluster.analyze(list(map(str, files)), client, keep="events", progress=False)
    assert got.connections["server"].tolist() == ["192.0.2.1"] * 4 + ["192.0.2.7"]
    hold_equal(got, pf.analyze(list(map(str, files)), keep="events", progress=False))


def test_a_filter_that_tells_who_serves(client: Any) -> None:
    path, asked = str(pf.example("midstream.pcap")), {"server_ip": "192.0.2.10"}
    want = pf.analyze(path, keep="connections", progress=False, **asked)
    got = cluster.analyze(path, client, progress=False, **asked)
    assert want.notes
    for name in ("patterns", "statistics", "standouts", "health", "notes"):
        assert getattr(got, name) == getattr(want, name), name
    assert_frame_equal(got.connections, want.connections)


def test_a_damaged_and_a_vanished_capture_do_not_stop_the_others(client: Any, tmp_path: Path) -> None:
    files = split(Path(pf.example("losses.pcap")), tmp_path, 3)
    whole = pf.analyze([files[0], files[2]], progress=False)
    gone, cut = Path(files[1]), tmp_path / "cut.pcap"
    gone.unlink()
    cut.write_bytes(b"no capture")
    with pytest.warns(pf.CaptureWarning) as warned:
        got = cluster.analyze([files[0], str(gone), str(cut), files[2]], client, progress=False)
    assert got.statistics == whole.statistics
    assert [f"{gone}: passed over: there is no such file", f"{cut}: passed over: "] == [
        str(one.message)[: len(f"{cut}: passed over: ")] if "cut.pcap" in str(one.message) else str(one.message)
        for one in warned
    ]
    assert got.capture.truncated
    with pytest.raises(pf.CaptureNotFoundError, match="no such file"):
        cluster.analyze(str(gone), client, progress=False)


def test_what_ends_the_analysis_cancels_its_tasks(client: Any, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster.analyze(split(Path(pf.example("losses.pcap")), tmp_path, 4), client, progress=stop)
    deadline = time.monotonic() + 20
    while any(client.processing().values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(client.processing().values())


def test_objects_of_a_store_are_read_and_credentials_shown_nowhere(
    client: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    files = split(Path(pf.example("losses.pcap")), tmp_path, 2)
    secret = "hush-hush"
    running = server.ThreadedMotoServer(port=0)
    running.start()
    try:
        host, port = running.get_host_and_port()
        url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
        keys = {"aws_access_key_id": "me", "aws_secret_access_key": secret, "region_name": "us-east-1"}
        store = boto3.client("s3", endpoint_url=url, **keys)
        store.create_bucket(Bucket="captures")
        for number, file in enumerate(files):
            store.upload_file(file, "captures", f"monday/{number}.pcap")
        options = {"key": "me", "secret": secret, "client_kwargs": {"endpoint_url": url}}
        got = cluster.analyze("s3://captures/monday/*.pcap", client, storage_options=options, progress=False)
        with pytest.raises(pf.CaptureNotFoundError, match="no such object") as missing:
            cluster.analyze("s3://captures/tuesday.pcap", client, storage_options=options, progress=False)
    finally:
        running.stop()
    want = pf.analyze(files, progress=False)
    assert_frame_equal(got.connections, want.connections)
    assert got.capture.name == "s3://captures/monday/*.pcap"
    texts = [
        caplog.text,
        str(got.provenance),
        str(vars(got.capture)),
        str(missing.value),
        *map(str, client.get_worker_logs().values()),
    ]
    assert not any(secret in text for text in texts)


@pytest.mark.fuzz
def test_more_data_than_the_memory_of_the_workers_goes_to_their_disks(tmp_path: Path) -> None:
    """Workers that may hold 1 MB, of which a tenth stays in memory."""
    files = split(Path(pf.example("losses.pcap")), tmp_path, 4)
    memory = {f"distributed.worker.memory.{name}": False for name in ("spill", "pause", "terminate")}

    def written(dask_worker: Any) -> float:
        return float(dask_worker.data.cumulative_metrics["disk-write", "bytes"])

    with (
        dask.config.set({**memory, "distributed.worker.memory.target": 0.1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=1_000_000, dashboard_address=None, silence_logs=50
        ) as made,
        distributed.Client(made) as client,
    ):
        got = cluster.analyze(files, client, keep="events", progress=False)
        assert min(client.run(written).values()) > 0
    hold_equal(got, pf.analyze(files, keep="events", progress=False))


@pytest.mark.fuzz
def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """One that waits for the bytes of a capture, and then one that has rows of others for the shuffle.

    Two threads each: the capture that waits holds up no other one that its worker was given.
    """
    files = split(Path(pf.example("losses.pcap")), tmp_path, 4)
    want = pf.analyze(files, progress=False)
    last, pipe = Path(files[-1]).read_bytes(), files[-1]
    os.unlink(pipe)
    os.mkfifo(pipe)
    done: list[int] = []
    found: list[Any] = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, silence_logs=50
        ) as made,
        distributed.Client(made) as client,
    ):

        def killed(worker: str) -> None:
            (pid,) = client.run(os.getpid, workers=[worker]).values()
            os.kill(pid, signal.SIGKILL)

        def waiting() -> str | None:
            for worker, keys in client.processing().items():
                if any(str(key).startswith("decode") and str(key).endswith("-3") for key in keys):
                    return worker
            return None

        def until(met: Callable[[], Any]) -> Any:
            deadline = time.monotonic() + 120
            while not (answer := met()):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            return answer

        def write() -> None:
            while not found:
                with suppress(OSError), open(pipe, "wb") as file:
                    file.write(last)
                time.sleep(0.2)

        def analysed() -> None:
            found.append(cluster.analyze(files, client, progress=lambda ready, _total: done.append(ready)))

        run = threading.Thread(target=analysed, daemon=True)
        run.start()
        until(lambda: len(done) >= 3)  # all captures but the one that waits
        first = until(waiting)
        killed(first)
        until(lambda: (worker := waiting()) and worker != first)

        def shuffling() -> str | None:
            def has_rows(dask_worker: Any) -> bool:
                return any(name.startswith("shuffle-") for name in os.listdir(dask_worker.local_directory))

            return next((worker for worker, has in client.run(has_rows, on_error="ignore").items() if has), None)

        killed(until(shuffling))
        threading.Thread(target=write, daemon=True).start()
        run.join(180)
        found.append(None)  # ends the writing
    assert_frame_equal(found[0].connections, want.connections)
    assert found[0].statistics == want.statistics
