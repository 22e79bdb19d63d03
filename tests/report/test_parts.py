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


def test_an_event_of_one_day_has_its_date_once() -> None:
    first, last = "2026-11-23T23:59:59.123456+00:00", "2026-11-24T00:00:01.000000+00:00"
    assert parts._span(first, "2026-11-23T23:59:59.999000+00:00") == "2026-11-23 23:59:59.123 to 23:59:59.999"
    assert parts._span(first, last) == "2026-11-23 23:59:59.123 to 2026-11-24 00:00:01.000"
    assert parts._span(first, first) == "2026-11-23 23:59:59.123"
