"""The script that draws charts in a browser: its files are those that were fetched, and few enough for a report."""

import hashlib
import json
import re
from pathlib import Path

import pcapframe.browser
from pcapframe.browser import SCRIPT, STYLE

STATIC = Path(pcapframe.browser.__file__).parent / "static"
ABOUT = json.loads((STATIC / "uplot" / "files.json").read_text("utf-8"))


def test_the_files_are_those_that_were_fetched() -> None:
    assert {path.name for path in (STATIC / "uplot").iterdir()} == {*ABOUT["sha256"], "files.json"}
    for name, digest in ABOUT["sha256"].items():
        assert hashlib.sha256((STATIC / "uplot" / name).read_bytes()).hexdigest() == digest, name


def test_the_version_is_the_one_that_the_command_fetches() -> None:
    command = (STATIC.parents[2] / ".ci" / "browser_files.py").read_text("utf-8")
    assert f'PACKAGE, VERSION = "{ABOUT["package"]}", "{ABOUT["version"]}"' in command
    assert ABOUT["integrity"] in command


def test_the_licence_travels_with_it() -> None:
    assert "Leon Sorokin" in (STATIC / "uplot" / "LICENSE").read_text("utf-8")


def test_it_fits_into_a_report_and_loads_nothing() -> None:
    assert len((SCRIPT + STYLE).encode()) <= 400_000
    for forbidden in (r"\beval\(", r"new Function", r"\bimport\(", r"fetch\(", "XMLHttpRequest", r"@import", r"url\("):
        assert not re.search(forbidden, SCRIPT + STYLE), forbidden
    assert "</script" not in SCRIPT.lower()
