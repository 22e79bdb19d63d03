"""Tables of the commands that list rows."""

import pytest

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.cli.answer_text import flow_text, retransmissions_text
from pcapframe.cli.frame_text import connections_text, resends_text, rsts_text
from tests.builders import Conversation, merge, pcap, pcapng
from tests.conftest import in_ci
from tests.names.hellos import hello


def table(*talks: Conversation, width: int = 130) -> list[str]:
    analysis = pf.analyze(pcap(merge(*talks)))
    text = plain_text(connections_text(analysis, analysis.connections, limit=20, width=width), width=width)
    return text.partition("\n\n")[2].splitlines()


@pytest.mark.parametrize(
    ("talk", "state"),
    [
        (Conversation().handshake().close(), "complete, FIN"),
        (Conversation().handshake().rst("client"), "complete, reset by client"),
        (Conversation().handshake(drop=True).data("client", 1).rst("client"), "not captured, reset"),
        (Conversation().handshake().fin("client"), "complete, half closed"),
        (Conversation().handshake(), "complete, open"),
        (Conversation().refused(), "refused"),
        (Conversation().syn(), "unanswered"),
        (Conversation().syn().syn_ack(), "half open"),
        (Conversation().syn().syn_ack().rst("client"), "aborted, reset by client"),
    ],
)
def test_state_of_a_connection(talk: Conversation, state: str) -> None:
    assert table(talk)[-2].endswith(f"  {state}")


def test_columns_make_room_in_a_narrow_terminal() -> None:
    talk = Conversation("2001:db8::1", 40000, "2001:db8::2", 443, start=0.0).handshake().rst("server")
    wide, narrow = table(talk, width=130), table(talk, width=80)
    titles = ["id", "client", "server", "start", "seconds", "packets", "payload", "resent", "Wireshark", "state"]
    assert wide[0].split() == titles
    assert narrow[0].split() == ["id", "client", "server", "seconds", "resent", "state"]
    assert "[2001:db8::1]:40000  [2001:db8::2]:443" in narrow[1]
    assert wide[-1] == "  1 connection"
    gone = "payload, Wireshark, start, packets"
    assert narrow[-2:] == ["  1 connection", f"  not shown: {gone} (wider terminal, or --csv)"]


def test_the_number_of_connections_is_as_uncertain_as_elsewhere() -> None:
    analysis = pf.analyze(pcapng(Conversation().handshake().close(), received=9, dropped=2))
    text = plain_text(connections_text(analysis, analysis.connections, limit=5))
    assert "\n  at least 1 connection\n" in text


def test_columns_of_resends_make_room_in_a_narrow_terminal() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    shown = {
        width: plain_text(resends_text(analysis, pf.resends(analysis), limit=5, width=width), width=width).splitlines()
        for width in (80, 140)
    }
    assert shown[140][-1] == "  5 of 58 retransmitted segments, see --limit"
    assert shown[80][-1] == "  not shown: SACKed, dup ACKs, in RTT, needless, id (wider terminal, or --csv)"


def test_what_looks_like_markup_is_text() -> None:
    talk = (
        Conversation("fe80::1", 40000, "fd00::2", 443).handshake().data("client", 100).retransmit("client", after=0.4)
    )
    analysis = pf.analyze(pcap(talk.ack("server").close()))
    retransmissions = retransmissions_text(pf.analyze_tcp_retransmissions(analysis), analysis)
    for shown in (connections_text(analysis, analysis.connections, limit=5), retransmissions, analysis):
        text = plain_text(shown)
        assert "[fe80::1]:40000" in text
        assert "[fd00::2]:443" in text
    assert "delay [ms]" in plain_text(resends_text(analysis, pf.resends(analysis), limit=5), width=140)


def test_words_of_resends_stay_whole_in_a_narrow_terminal() -> None:
    analysis = pf.analyze(pf.example("midstream.pcap"))
    text = plain_text(resends_text(analysis, pf.resends(analysis), limit=5, width=80), width=80)
    assert text.count("identification") == 5
    assert text.count("out of order") == 4
    assert max(map(len, text.splitlines())) <= 80


def test_seconds_count_from_the_first_packet_of_the_capture() -> None:
    talks = (Conversation(start=5.0).handshake(), Conversation(client_port=40001, start=7.5).handshake())
    assert table(*talks)[-2].split()[3:5] == ["2.500", "0.020"]


def test_one_connection_is_one() -> None:
    talk = Conversation().handshake().close()
    assert table(talk)[-1] == "  1 connection"
    analysis = pf.analyze(pcap(talk), server_ip="198.51.100.1")
    flow = plain_text(flow_text(pf.analyze_traffic_flow(analysis, "198.51.100.1"), analysis))
    assert "198.51.100.1:any, 1 connection\n" in flow


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_address_and_no_port_is_cut_off(width: int) -> None:
    talk = Conversation("2a01:cb01:2049:8b07:991d:ec85:28df:f629", 40028, "2a00:1450:4007:80a::200a", 44321)
    head, *lines = table(talk.handshake().close(), width=width)
    assert all(len(line) <= width for line in (head, *lines))
    cells = dict.fromkeys(("client", "server", "state"), "")
    places = sorted((head.index(name), name) for name in head.split())
    for line in lines[: lines.index("  1 connection")]:
        for (start, name), (end, _) in zip(places, [*places[1:], (width, "")], strict=True):
            if name in cells:
                cells[name] += line[start:end].strip()
    assert cells["client"] == "[2a01:cb01:2049:8b07:991d:ec85:28df:f629]:40028"
    assert cells["server"] == "[2a00:1450:4007:80a::200a]:44321"
    assert cells["state"].replace(" ", "") == "complete,FIN"


def test_a_port_is_never_broken() -> None:
    talk = Conversation("2001:db8:1111:2222:3333:4444:5555:6666", 35995, "2001:db8:aaaa:bbbb:cccc::1", 54321)
    analysis = pf.analyze(pcap(talk.handshake().data("client", 100).retransmit("client", after=0.4).ack("server")))
    answer = retransmissions_text(pf.analyze_tcp_retransmissions(analysis), analysis)
    for width in in_ci(range(50, 140), 30):
        for shown in (connections_text(analysis, analysis.connections, limit=5, width=width), answer, analysis):
            text = plain_text(shown, width=width)
            assert ":35995" in text, width
            assert ":54321" in text, width
            assert max(map(len, text.splitlines())) <= max(width, 80), width


@pytest.mark.parametrize(
    ("sort", "title"), [("duration_s", "seconds"), ("start", "start"), ("payload_bytes", "payload")]
)
def test_the_column_sorted_by_is_shown(sort: str, title: str) -> None:
    talk = Conversation("2001:db8::1", 40000, "2001:db8::2", 443).handshake().rst("server")
    analysis = pf.analyze(pcap(talk))
    text = plain_text(connections_text(analysis, analysis.connections, limit=5, sort=sort, width=80), width=80)
    assert title in text.partition("\n\n")[2].splitlines()[0].split()
    assert title not in text.splitlines()[-1]
    assert max(map(len, text.splitlines())) <= 80


def test_columns_of_rsts_make_room_in_a_narrow_terminal() -> None:
    talk = Conversation().handshake().data("client", 5).rst("server", after=0.001, ttl=61)
    analysis = pf.analyze(pcap(talk))
    wide, narrow = (
        plain_text(rsts_text(analysis, pf.rst_evidence(analysis), limit=5, width=width), width=width).splitlines()
        for width in (170, 80)
    )
    assert wide[-2].split() == [
        "5", "0", "server", "data", "0.001", "exact", "4", "1.00", "0.05", "61,", "others", "57", "1", "yes",
    ]  # fmt: skip
    left_out = " ".join(" ".join(narrow).partition("not shown: ")[2].split())
    assert left_out == "idle [s], delay [ms], IP id step, challenged (wider terminal, or --csv)"


def test_eighty_columns_keep_the_duration() -> None:
    talk = Conversation("192.0.2.111", 40028, "198.51.100.20", 8080)
    head, line = table(talk.handshake().data("client", 100).close(), width=80)[:2]
    assert "seconds" in head
    assert max(len(head), len(line)) <= 80


def test_resends_name_the_server_where_there_is_room() -> None:
    talk = Conversation(server_port=443).handshake().send("client", "PA", hello(b"a.example"))
    talk.retransmit("client", after=0.5).ack("server")
    analysis = pf.analyze(pcap(talk))
    wide, narrow = (
        plain_text(resends_text(analysis, pf.resends(analysis), limit=5, width=width), width=width)
        for width in (200, 80)
    )
    assert "198.51.100.1:443 (a.example)" in wide
    assert "not shown: server" in narrow
