import os
from pathlib import Path

import pytest

from pcapframe.errors import ParameterError
from pcapframe.workshop.layout import lay_out
from tests.workshop.reviews import NOTEBOOKS, REVIEWS

DATA = NOTEBOOKS.parent.parent / "data"


def outcomes(folder: Path) -> dict[str, str]:
    return {file.path.relative_to(folder).as_posix(): file.outcome for file in lay_out(folder)}


def test_everything_is_laid_out(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "reviews"
    found = outcomes(folder)
    assert set(found.values()) == {"written"}
    captures = {f"captures/{path.name}" for path in (DATA / "workshops").iterdir()}
    assert len(captures) == 9
    captures |= {f"captures/points/{path.name}" for path in (DATA / "points").iterdir()}
    expected = {f"{place}{name}.ipynb" for name in REVIEWS for place in ("", "answers/")}
    assert set(found) == expected | captures | {"checks.json", "answers/README.md"}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(found)
    assert (folder / "1_web_shop.ipynb").read_bytes() == (NOTEBOOKS / "1_web_shop.ipynb").read_bytes()


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert set(outcomes(tmp_path).values()) == {"unchanged"}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps


def test_what_was_changed_is_kept_and_what_was_removed_comes_back(tmp_path: Path) -> None:
    lay_out(tmp_path)
    changed, removed = tmp_path / "2_tills.ipynb", tmp_path / "captures" / "tills.pcap.gz"
    changed.write_text("mine")
    removed.unlink()
    (tmp_path / "notes.txt").write_text("mine too")
    found = outcomes(tmp_path)
    assert {name for name, outcome in found.items() if outcome == "kept"} == {"2_tills.ipynb"}
    assert {name for name, outcome in found.items() if outcome == "written"} == {"captures/tills.pcap.gz"}
    assert changed.read_text() == "mine"
    assert (tmp_path / "notes.txt").read_text() == "mine too"


def test_an_empty_file_a_folder_and_a_dangling_link_are_kept(tmp_path: Path) -> None:
    (tmp_path / "checks.json").touch()
    (tmp_path / "1_web_shop.ipynb").mkdir()
    (tmp_path / "2_tills.ipynb").symlink_to(tmp_path / "elsewhere")
    found = outcomes(tmp_path)
    assert {name for name, outcome in found.items() if outcome == "kept"} == {
        "checks.json",
        "1_web_shop.ipynb",
        "2_tills.ipynb",
    }
    assert not (tmp_path / "elsewhere").exists()
    assert not os.listdir(tmp_path / "1_web_shop.ipynb")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match="is a file, expected a folder"):
        lay_out(tmp_path / "file")


def test_what_is_laid_out_is_small() -> None:
    assert sum(path.stat().st_size for path in (DATA / "workshops").iterdir()) < 2_000_000
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 10_000_000
