"""What stands out, patterns and limitations, as parts of the report."""

import re

import pytest

import pcapframe as pf
from pcapframe.report import CaptureReport, parts


def test_many_standouts_are_folded_and_none_says_what_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "FIRST", 2)
    shown = CaptureReport(pf.example("resets.pcap")).standouts().text
    assert re.search(r"<details><summary>\d+ more</summary><ol class='standouts' start='3'>", shown)
    clean = CaptureReport(pf.example("clean.pcap")).standouts().text
    assert "<b>Nothing stands out.</b> Looked at: " in clean
    assert CaptureReport(pf.example("clean.pcap")).result()["standout"] == "Nothing stands out"
