"""Which files a folder and a pattern stand for."""

import gzip
import os
from pathlib import Path

import pytest

from pcapframe.capture.folders import MOST_CAPTURES, captures_in, names_several
from pcapframe.errors import CaptureNotFoundError, ParameterError
from tests.builders import Conversation, pcap, pcapng

WHOLE = pcap(Conversation().handshake())


def names(source: object) -> list[str]:
    return [Path(path).name for path in captures_in(source).captures]


def fill(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_dot_", ".")).write_bytes(content)
    return folder


def test_numbers_in_names_are_in_order(tmp_path: Path) -> None:
    for name in ("r.pcap10", "r.pcap2", "r.pcap", "r.pcap1"):
        (tmp_path / name).write_bytes(WHOLE)
    assert names(tmp_path) == ["r.pcap", "r.pcap1", "r.pcap2", "r.pcap10"]


def test_a_folder_holds_what_begins_as_a_capture_or_is_named_like_one(tmp_path: Path) -> None:
    fill(
        tmp_path,
        a_dot_pcap=WHOLE,
        b_dot_pcapng=pcapng(Conversation().handshake()),
        c=WHOLE,
        d_dot_log=gzip.compress(WHOLE),
        e_dot_pcap=b"",
        f_dot_cap_dot_gz=b"no gzip",
        notes_dot_txt=b"not a capture",
        empty_dot_txt=b"",
        _dot_hidden_dot_pcap=WHOLE,
    )
    fill(tmp_path / "inner.pcap", x_dot_pcap=WHOLE)
    assert names(tmp_path) == ["a.pcap", "b.pcapng", "c", "d.log", "e.pcap", "f.cap.gz"]


def test_a_pattern_stands_for_all_files_that_it_matches(tmp_path: Path) -> None:
    fill(tmp_path, a1_dot_pcap=WHOLE, a2_dot_txt=b"text", b1_dot_pcap=WHOLE)
    fill(tmp_path / "a3", a4_dot_pcap=WHOLE)
    assert names(f"{tmp_path}/a*") == ["a1.pcap", "a2.txt"]
    assert names(f"{tmp_path}/[ab]1.pcap") == ["a1.pcap", "b1.pcap"]
    assert names(f"{tmp_path}/**/a?.pcap") == ["a1.pcap", "a4.pcap"]
    assert names(tmp_path / "b*") == ["b1.pcap"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path: Path) -> None:
    fill(tmp_path, **{"a[1]_dot_pcap": WHOLE, "a1_dot_pcap": WHOLE})
    assert names(f"{tmp_path}/a[1].pcap") == ["a[1].pcap"]
    assert captures_in(f"{tmp_path}/a[1].pcap").found == [False]


def test_folders_and_captures_can_be_given_together(tmp_path: Path) -> None:
    fill(tmp_path / "ring", a_dot_pcap=WHOLE, b_dot_pcap=WHOLE)
    listed = captures_in([WHOLE, str(tmp_path / "ring")])
    assert listed.captures == [WHOLE, f"{tmp_path}/ring/a.pcap", f"{tmp_path}/ring/b.pcap"]
    assert listed.found == [False, True, True]
    assert listed.name is None
    assert captures_in(tmp_path / "ring").name == str(tmp_path / "ring")


@pytest.mark.parametrize("source", ["-", "http://192.0.2.1/a*.pcap", b"*", 7, None])
def test_what_names_only_itself(source: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fill(tmp_path / "here"))
    (tmp_path / "here" / "-").mkdir()
    assert not names_several(source)
    assert captures_in(source).captures == [source]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(CaptureNotFoundError, match="the folder has no capture"):
        captures_in(tmp_path)
    for source in (f"{tmp_path}/*.pcap", f"{tmp_path}/[.pcap*", f"{tmp_path}/a\0*"):
        with pytest.raises(CaptureNotFoundError, match="no file matches"):
            captures_in(source)
    with pytest.raises(ParameterError, match="no capture was given"):
        captures_in([])


def test_more_than_can_be_numbered() -> None:
    assert len(captures_in([WHOLE] * MOST_CAPTURES).captures) == MOST_CAPTURES
    with pytest.raises(ParameterError, match="65,537 captures: expected at most 65,536"):
        captures_in([WHOLE] * (MOST_CAPTURES + 1))


def test_a_fifo_is_no_capture_of_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, a_dot_pcap=WHOLE)
    os.mkfifo(tmp_path / "b.pcap")
    assert names(tmp_path) == ["a.pcap"]
    assert names(f"{tmp_path}/*") == ["a.pcap"]


def test_a_link_that_leads_back_to_itself_is_no_capture_of_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, a_dot_pcap=WHOLE)
    (tmp_path / "loop.pcap").symlink_to(tmp_path / "loop.pcap")
    assert names(tmp_path) == ["a.pcap"]
