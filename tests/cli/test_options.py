"""Options that commands share."""

import json
import re
from pathlib import Path

import pytest

import pcapframe as pf
from tests.builders import ethernet, pcap
from tests.capture.wrappings import FRAME, VXLAN, over_udp
from tests.cli.running import CLEAN, RESETS, main, run, same, text_of
from tests.hostile import serving


def test_urls_are_read_where_they_are_allowed() -> None:
    with serving() as server:
        server.files["/a.pcap"] = Path(RESETS).read_bytes()
        url = server.url("/a.pcap?token=hush")
        with pytest.raises(pf.RemoteCaptureError, match="refused unless it is allowed by name"):
            run("analyze", url)
        assert server.asked == []
        shown = server.url("/a.pcap?token=***")
        for command in (["analyze"], ["connections"], ["retransmissions"], ["flow", "--server-ip", "198.51.100.20"]):
            answer = json.loads(text_of(*command, url, "--json", "--allow-host", "localhost"))
            assert answer["file"] == shown
            plain = json.loads(text_of(*command, RESETS, "--json"))
            same({**plain, "file": shown}, answer)
        assert json.loads(text_of("info", "--allow-host", "localhost", url, "--json"))["name"] == shown
        assert len(text_of("packets", url, "--allow-host", "localhost").splitlines()) == 1097
        merged = json.loads(text_of("analyze", CLEAN, url, "--json", "--allow-host", "localhost"))
        assert merged["packets_analyzed"] == 1096 + 386


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", RESETS),
        ("analyze", RESETS, "--json"),
        ("retransmissions", RESETS),
        ("flow", RESETS, "--server-ip", "198.51.100.20"),
        ("connections", RESETS),
        ("info", RESETS),
    ],
)
def test_output_goes_to_a_file(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "out"
    assert text_of(*arguments, "--output", str(path)) == ""
    written, printed = path.read_text(encoding="utf-8"), text_of(*arguments)
    stamp = re.compile(r'"analysis_timestamp": ".*"')
    assert stamp.sub("", written) == stamp.sub("", printed)


def test_a_tunnel_on_a_port_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.pcap"
    path.write_bytes(pcap([(0, ethernet(over_udp(14789, VXLAN, FRAME)))]))
    option = ("--decode-as", "udp.port=14789,vxlan")
    assert "VXLAN" not in text_of("packets", str(path))
    assert "VXLAN" in text_of("packets", str(path), *option)
    for command in (["analyze"], ["connections"], ["retransmissions"], ["flow", "--server-ip", "198.51.100.1"]):
        assert json.loads(text_of(*command, str(path), "--json", *option)).get("tcp_packets_found", 1) == 1
        assert json.loads(text_of(*command, str(path), "--json"))["tcp_packets_found"] == 0
    out = tmp_path / "out.pcap"
    text_of("extract", str(path), "-o", str(out), "--server-port", "80", *option)
    assert len(pf.read_pcap(out)) == 1


def test_an_unknown_tunnel_is_refused_with_the_names() -> None:
    with pytest.raises(pf.ParameterError, match="expected one of ayiya, capwap, geneve"):
        run("analyze", RESETS, "--decode-as", "udp.port=14789,vxlam")


def test_times_are_shown_in_a_zone_and_written_in_utc() -> None:
    shown = "15:29:00.630 to 15:29:13.040 UTC", "16:29:00.630 to 16:29:13.040 +01:00 Europe/Berlin"
    for command in ("analyze", "info"):
        assert "15:29:00.630" in text_of(command, RESETS)
        assert "16:29:00.630" in text_of(command, RESETS, "--timezone", "Europe/Berlin")
    assert shown[0] in text_of("analyze", RESETS)
    assert shown[1] in text_of("analyze", RESETS, "--timezone", "Europe/Berlin")
    for command in (("info", "--json"), ("connections", "--csv", "-")):
        assert text_of(*command, RESETS, "--timezone", "Europe/Berlin") == text_of(*command, RESETS)
    assert shown[0] in text_of("analyze", RESETS)  # what one command was told, the next one has not heard


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "\x1b[31mred"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    ran = main("analyze", RESETS, "--timezone", zone)
    assert ran.status == 2
    assert "expected a name such as Europe/Berlin" in " ".join(ran.stderr.split())
    assert "\x1b" not in ran.stderr
