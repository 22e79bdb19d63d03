"""Tables of turns and waits."""

from pathlib import Path

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.cli.wait_text import turns_text, waits_text
from tests.builders import Conversation, pcap
from tests.names.hellos import hello


def shown(*, width: int) -> tuple[list[str], list[str]]:
    talk = Conversation("2001:db8::1", 40000, "2001:db8::2", 443).handshake()
    talk.data("client", 100, after=0.5).data("client", 100, after=0.25).data("server", 1000, after=1.0).ack()
    talk.data("client", 50)
    analysis = pf.analyze(pcap(talk))
    texts = (
        turns_text(analysis, pf.turns(analysis), limit=20, width=width),
        waits_text(analysis, pf.sum_waits(analysis), by="server", limit=20, width=width),
    )
    turns, waits = (plain_text(text, width=width).split("\n\n")[1].splitlines() for text in texts)
    return turns, waits


def test_times_have_their_units() -> None:
    turns, waits = shown(width=160)
    assert turns[1].split() == "0 1 4–5 6 200 1,000 500 ms 250 ms 1 s 0 ms 20 ms".split()
    assert "none" in turns[2]
    assert turns[-1] == "  2 turns"
    assert "[2001:db8::2]:443" in waits[1]
    assert waits[-1] == "  1 server"


def test_columns_make_room_in_a_narrow_terminal() -> None:
    turns, waits = shown(width=60)
    assert "service" in turns[0]
    assert "sent" not in turns[0]
    assert any("not shown: sent, received" in line for line in turns)
    assert "client waits" in waits[0]
    assert "transfer" not in waits[0]


def test_what_senders_were_doing_follows() -> None:
    talk = Conversation(rtt=0.02).handshake().data("client", 100, after=0.5).data("server", 1000, after=1.0)
    talk.retransmit("server", after=0.25).ack("client", after=0.25).close()
    analysis = pf.analyze(pcap(talk))
    text = plain_text(waits_text(analysis, pf.sum_waits(analysis), by="server", limit=20, width=80), width=80)
    (head, client, server), note = text.partition("What senders were doing\n")[2].splitlines()[:3], text
    assert head.split() == "server sender busy sending repairing window limited idle".split()
    assert client.split()[:2] == ["198.51.100.1:80", "client"]
    assert server.split()[0] == "server"
    shares = [float(cell) for cell in server.replace("%", "").split()[3:6]]
    assert sum(shares) == 100
    assert shares[1] > 40
    assert "where the capture shows it" in note.replace("\n", " ")


def test_nothing_is_said_of_senders_of_whom_nothing_is_known() -> None:
    analysis = pf.analyze(pcap(Conversation().syn()))
    text = plain_text(waits_text(analysis, pf.sum_waits(analysis), by="server", limit=20, width=80))
    assert "senders" not in text


def test_hostile_names_are_escaped_and_bounded() -> None:
    talk = Conversation(rtt=0.01, server_port=443).handshake()
    talk.send("client", "PA", hello(b"\x1b[31mred" + b"x" * 200)).data("server", 500, after=1).ack()
    analysis = pf.analyze(pcap(talk), progress=False)
    for text in (
        turns_text(analysis, pf.turns(analysis), limit=20, width=200),
        waits_text(analysis, pf.sum_waits(analysis, by="name"), by="name", limit=20, width=200),
    ):
        shown = plain_text(text, width=200).partition("\n\n")[2]
        assert "name" in shown.splitlines()[0]
        assert r"\x1b[31mredxxx" in shown
        assert "\x1b" not in shown
        assert "x" * 60 not in shown


def test_servers_and_clients_have_their_names_beside_them(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.1 laptop.example\n198.51.100.1 origin.example\n", encoding="utf-8")
    talk = Conversation(server_port=443).handshake()
    talk.send("client", "PA", hello(b"a.example")).data("server", 500, after=1).ack()
    analysis = pf.analyze(pcap(talk), names=hosts)
    shown = {
        by: plain_text(waits_text(analysis, pf.sum_waits(analysis, by=by), by=by, limit=20, width=200), width=200)
        for by in ("server", "client")
    }
    assert "198.51.100.1:443 (a.example)" in shown["server"]
    assert "192.0.2.1 (laptop.example)" in shown["client"]


def test_long_names_take_lines_and_no_columns() -> None:
    talk = Conversation(server_port=443).handshake()
    talk.send("client", "PA", hello(b"a" * 60 + b".example")).data("server", 500, after=1).ack()
    analysis = pf.analyze(pcap(talk))
    text = plain_text(waits_text(analysis, pf.sum_waits(analysis), by="server", limit=20, width=80), width=80)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "client waits" in text
    assert "a" * 39 + "…" in "".join(line[2:40].strip() for line in text.splitlines())


def test_nothing_to_list() -> None:
    analysis = pf.analyze(pcap(Conversation().syn()))
    assert "0 turns" in plain_text(turns_text(analysis, pf.turns(analysis), limit=5))
