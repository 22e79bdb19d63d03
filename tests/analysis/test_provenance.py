"""Where an analysis comes from."""

import hashlib
import json
import os
from pathlib import Path

import pytest

import pcapframe as pf
from tests.builders import Conversation, pcap

CAPTURE = pcap(Conversation().handshake().close())


def test_a_file_is_described_as_it_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(CAPTURE)
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    monkeypatch.chdir(tmp_path)
    provenance = pf.analyze("one.pcap", server_port=80, start="2026-01-31").provenance
    assert provenance.path == str(path)
    assert provenance.size == len(CAPTURE)
    assert provenance.mtime == "2023-11-14T22:13:20.123456789+00:00"
    assert provenance.sha256() == hashlib.sha256(CAPTURE).hexdigest()
    assert provenance.parameters["server_port"] == 80
    assert provenance.parameters["start"] == "2026-01-31T00:00:00+00:00"
    assert json.loads(json.dumps(provenance.to_dict()))["files"][0]["size"] == len(CAPTURE)


def test_a_changed_or_missing_file_has_no_hash(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(CAPTURE)
    provenance = pf.analyze(path).provenance
    path.write_bytes(CAPTURE + CAPTURE[24:])
    with pytest.raises(pf.CaptureError, match="has changed since it was read"):
        provenance.sha256()
    path.unlink()
    with pytest.raises(pf.CaptureNotFoundError, match="cannot be read again"):
        provenance.sha256()


def test_what_is_no_file_has_none() -> None:
    provenance = pf.analyze(CAPTURE).provenance
    assert (provenance.path, provenance.size, provenance.mtime, provenance.sha256()) == (None, None, None, None)
    assert provenance.files == ()


def test_several_files_have_a_hash_each() -> None:
    provenance = pf.analyze([pf.example("clean.pcap"), pf.example("resets.pcap")]).provenance
    assert provenance.sha256() is None
    hashes = [hashlib.sha256(Path(file.path).read_bytes()).hexdigest() for file in provenance.files]
    assert [file.sha256() for file in provenance.files] == hashes
