"""Tables of the report."""

import re
from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.report import CaptureReport, tables


def test_connections_are_a_table_of_the_first_with_the_exact_number(monkeypatch: pytest.MonkeyPatch) -> None:
    report = CaptureReport(pf.example("resets.pcap"))
    assert report.connections().text.count("<tr>") == 1 + 42
    monkeypatch.setattr(tables, "CONNECTIONS", 5)
    shown = CaptureReport(pf.example("resets.pcap")).connections().text
    assert "<caption>42 connections (first 5 of 42)</caption>" in shown
    assert shown.count("<tr>") == 1 + 5
    assert "<div class='scroll tools'>" in shown


def test_names_stand_beside_addresses(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("198.51.100.20 shop.example.com\n")
    report = CaptureReport(pf.example("clean.pcap"), names=str(hosts))
    for shown in (report.connections().text, report.handshakes().text):
        assert re.search(r"198\.51\.100\.20, port 80<small>[^<]*shop\.example\.com", shown)
    waits = tables.by_waits(pf.analyze(pf.example("clean.pcap"), names=str(hosts)))
    assert re.search(r"198\.51\.100\.20:80<small>[^<]*shop\.example\.com", waits)


def test_an_address_is_not_its_own_name_and_few_of_many_names_are_shown() -> None:
    assert tables._names("192.0.2.1", "192.0.2.1", float("nan")) == ""
    assert tables._names("192.0.2.1", "a.example", "b.example,a.example") == "a.example, b.example"
    assert tables._names("192.0.2.1", None, "a,b,c,d") == "a, b and 2 more"


def test_a_table_with_nothing_in_it_is_left_out() -> None:
    clean = pf.analyze(pf.example("clean.pcap"))
    assert tables.most_resent(clean) == ""
    assert tables.by_wireshark(clean) == ""
    assert tables.by_server(clean).count("<th scope='col'>") == 3  # server, complete, connections
