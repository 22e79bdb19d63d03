"""Which captures a cluster reads."""

from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.cluster._sources import list_sources, opened, size_of


def test_files_and_folders_are_listed_as_on_one_machine(tmp_path: Path) -> None:
    data = Path(pf.example("clean.pcap")).read_bytes()
    for name in ("ring.pcap10", "ring.pcap9"):
        (tmp_path / name).write_bytes(data)
    listed = list_sources(tmp_path)
    assert [Path(source.path).name for source in listed.sources] == ["ring.pcap9", "ring.pcap10"]
    assert listed.name == str(tmp_path)
    assert [source.size for source in listed.sources] == [len(data)] * 2 == [file.size for file in listed.files]
    with opened(listed.sources[0]) as stream:
        assert stream.size == size_of(listed.sources[0]) == len(data)


def test_what_no_worker_can_open_is_refused() -> None:
    with pytest.raises(pf.ParameterError, match="expected paths that every worker has, not bytes"):
        list_sources(b"")
    with pytest.raises(pf.ParameterError, match="not standard input"):
        list_sources("-")
    with pytest.raises(pf.ParameterError, match="no capture was given"):
        list_sources([])


def test_objects_are_listed_without_what_opens_them(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    (tmp_path / "monday.pcap").write_bytes(b"")
    (source,) = list_sources(f"file://{tmp_path}/*.pcap", {"auto_mkdir": "secret"}).sources
    assert source.name == f"file://{tmp_path}/monday.pcap"
    assert source.size == size_of(source) == 0
    assert "secret" not in repr(source)
