"""What stands out in captures of one event each, and the rule that ranks events."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.analysis.standouts import RULES
from pcapframe.analysis.standouts._establishing import TRIED, _tried
from pcapframe.analysis.standouts._observed import SENTENCES
from pcapframe.analysis.standouts._rules import AGGREGATES, rank
from pcapframe.analysis.standouts._seen import Found
from pcapframe.patterns._registry import NAMES
from tests.builders import Conversation, merge, pcap
from tests.segments.test_quoted import START, quoting, syn

SERVER, OTHER = "198.51.100.1", "198.51.100.2"


def talks(count: int, **options: object) -> list[Conversation]:
    """Conversations of one client, a second apart."""
    return [Conversation(client_port=40_000 + i, start=float(i), **options) for i in range(count)]  # type: ignore[arg-type]


def found(*conversations: Conversation) -> pf.Analysis:
    return pf.analyze(pcap(merge(*conversations)))


def fine(count: int, **options: object) -> list[Conversation]:
    return [
        talk.handshake().data("client", 100).data("server", 900).ack("client").close()
        for talk in talks(count, **options)
    ]


def unanswered() -> list[Conversation]:
    return [talk.syn().syn(after=1).syn(after=2) for talk in talks(9)]


def refused() -> list[Conversation]:
    return [*(talk.refused() for talk in talks(3)), *fine(5, server=OTHER)]


def one_refused() -> list[Conversation]:
    return [Conversation().refused(after=0.25)]


def half_open() -> list[Conversation]:
    return [*(talk.syn().syn_ack().syn_ack(after=1) for talk in talks(2)), *fine(5, server=OTHER)]


def ports_tried() -> list[Conversation]:
    return [
        Conversation(client_port=50_000 + port, server_port=port, start=port / 100).refused() for port in range(1, 41)
    ]


def addresses_tried() -> list[Conversation]:
    return [Conversation(server=f"198.51.100.{i}", server_port=445, start=float(i)).syn() for i in range(1, 31)]


def server_resets() -> list[Conversation]:
    return [talk.handshake().data("client", 100).rst("server") for talk in talks(4)]


def never_acknowledged() -> list[Conversation]:
    talk = Conversation().handshake().data("client", 100).data("server", 100).ack("client")
    talk.data("client", 500, lost=True)
    for wait in (0.3, 0.6, 1.2, 2.4, 4.8):
        talk.retransmit("client", after=wait, lost=True)
    return [talk]


def closed_window() -> list[Conversation]:
    talk = Conversation().handshake().data("client", 1000).ack("server", window=0)
    return [talk.ack("server", after=3.0).data("client", 100).ack("server").close()]


def slow_server() -> list[Conversation]:
    return [
        talk.handshake().data("client", 100).ack("server").data("server", 900, after=2.5).ack("client").close()
        for talk in talks(3)
    ]


def retransmitted() -> list[Conversation]:
    talk = Conversation().handshake().data("client", 100)
    for _ in range(20):
        talk.data("server", 1000, lost=True).retransmit("server", after=0.3).ack("client")
    return [talk.close()]


TABLE: list[tuple[Callable[[], list[Conversation]], str, str]] = [
    (unanswered, "unanswered_syns", "198.51.100.1:80 answered none of 9 connections from 192.0.2.1 (27 SYNs in 11 s)"),
    (refused, "refused_connections", "198.51.100.1:80 refused all 3 connections from 192.0.2.1 with RST in 2.02 s"),
    (one_refused, "refused_connections",
     "198.51.100.1:80 refused the only connection from 192.0.2.1 with RST 250 ms after the SYN"),
    (half_open, "half_open_handshakes",
     "198.51.100.1:80 sent a SYN-ACK to both connections from 192.0.2.1 and got no ACK"),
    (ports_tried, "port_sweep", "192.0.2.1 tried 40 ports of 198.51.100.1 in 390 ms: 40 refused"),
    (addresses_tried, "address_sweep", "192.0.2.1 tried port 445 of 30 addresses in 29 s: 30 unanswered"),
    (server_resets, "reset_connections", "198.51.100.1:80 reset all 4 connections from 192.0.2.1 after data"),
    (never_acknowledged, "never_acknowledged",
     "Data from 192.0.2.1 to 198.51.100.1:80 was retransmitted 5 times in 9 s and nothing of it was acknowledged"),
    (closed_window, "zero_window", "198.51.100.1:80 advertised a zero window to 192.0.2.1 once, closed for 3 s"),
    (slow_server, "slow_service", "198.51.100.1:80 took 2.52 s (median) to answer 3 of 3 requests of 192.0.2.1"),
    (retransmitted, "high_retransmission", "198.51.100.1:80 retransmitted 20 of 40 data segments to 192.0.2.1"),
]  # fmt: skip


@pytest.mark.parametrize(("capture", "kind", "sentence"), TABLE, ids=lambda value: getattr(value, "__name__", None))
def test_one_event_is_the_first_and_only_line(
    capture: Callable[[], list[Conversation]], kind: str, sentence: str
) -> None:
    (only,) = found(*capture()).standouts
    assert only.kind == kind
    assert only.sentence.startswith(sentence)


@pytest.mark.parametrize("count", [1, 3, 40])
def test_nothing_stands_out_of_connections_that_are_fine(count: int) -> None:
    analysis = found(*fine(count))
    assert analysis.standouts == ()
    assert analysis.summary["notable_observations"] == []


def test_three_packets_of_a_handshake_are_fine() -> None:
    assert found(Conversation().handshake()).standouts == ()


def test_the_answers_list_the_same_in_the_same_order() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    listed = pf.analyze_tcp_anomalies(analysis)["summary"]["notable_observations"]  # type: ignore[typeddict-item]
    assert [(seen["type"], seen["detail"]) for seen in listed] == [(s.kind, s.sentence) for s in analysis.standouts]
    assert len(listed) > 3


def test_times_share_and_servers_are_those_of_the_packets() -> None:
    (only,) = found(*unanswered()).standouts
    assert (only.share, only.connections, only.servers) == (1.0, 9, ("198.51.100.1:80",))
    assert (only.start, only.end) == ("1970-01-01T00:00:00+00:00", "1970-01-01T00:00:11+00:00")
    assert only.evidence.frame_count == 27
    assert (only.selects, only.display_filter) == ("27 packets", "tcp.stream in {0..8}")


def test_syn_retries_are_no_retransmission_of_data() -> None:
    kinds = {seen.kind for seen in found(*unanswered()).standouts}
    assert not {kind for kind in kinds if "retransmission" in kind}


class _Capture:
    """As much of `Seen` as ranking reads: 100 connections to 10 servers."""

    size, server_count = 100, 10
    server_number = np.arange(100) // 10


def mask(*places: range) -> np.ndarray:
    chosen = np.zeros(100, np.bool_)
    for some in places:
        chosen[list(some)] = True
    return chosen


# kind, connections that show it, those of its servers, all of this kind; the first ranks above the second.
RANKS = [
    ("all of a server above some of it", ("refused_connections", range(10), range(10)),
     ("refused_connections", range(3), range(10))),
    ("no connection above slow ones", ("unanswered_syns", range(10), range(10)),
     ("slow_service", range(10), range(10))),
    ("data that stood still above slow ones", ("zero_window", range(10), range(10)),
     ("slow_service", range(10), range(10))),
    ("many connections above few", ("unanswered_syns", range(50), range(50)),
     ("unanswered_syns", range(10), range(10))),
    ("a slow server above something odd", ("slow_service", range(10), range(10)),
     ("tsval_back", range(10), range(10))),
]  # fmt: skip


@pytest.mark.parametrize(("higher", "lower"), [row[1:] for row in RANKS], ids=[row[0] for row in RANKS])
def test_the_rank(higher: tuple[str, range, range], lower: tuple[str, range, range]) -> None:
    by_kind = {rule.kind: rule for rule in RULES}

    def ranked(kind: str, shown: range, among: range) -> float:
        event = Found("", mask(shown), np.empty(0, np.intp), mask(among))
        return rank(_Capture(), by_kind[kind], event, event.mask)  # type: ignore[arg-type]

    assert ranked(*higher) > ranked(*lower) > 0


def test_what_the_rest_of_the_capture_shows_too_ranks_lower() -> None:
    rule = next(rule for rule in RULES if rule.kind == "unanswered_syns")
    event = Found("", mask(range(10)), np.empty(0, np.intp), mask(range(10)))
    alone = rank(_Capture(), rule, event, event.mask)  # type: ignore[arg-type]
    common = rank(_Capture(), rule, event, mask(range(100)))  # type: ignore[arg-type]
    # (1 + 1/10 + 1) / 3 where only it shows it; (1 + 1/10 + 0) / 3 where all others do.
    assert alone == pytest.approx(0.7)
    assert common == pytest.approx(1.1 / 3)


def test_every_pattern_is_a_rule_or_named_as_none() -> None:
    assert {rule.pattern for rule in RULES if rule.pattern} | set(AGGREGATES) == set(NAMES)
    assert len({rule.kind for rule in RULES}) == len(RULES)
    before: set[str] = set()
    for rule in RULES:  # a kind yields only to kinds that were looked for before it
        assert set(rule.yields_to) <= before
        before.add(rule.kind)


def test_a_client_of_many_servers_that_answer_is_no_sweep() -> None:
    talks = [Conversation(server=f"198.51.100.{i}", start=float(i)).handshake() for i in range(1, 31)]
    assert found(*talks).standouts == ()
    idle = [Conversation(server=f"198.51.100.{i}", start=float(i)).ack().ack("server") for i in range(1, 31)]
    assert found(*idle).standouts == ()


def test_ports_tried_without_a_syn_are_a_sweep() -> None:
    talks = [
        Conversation(client_port=50_000, server_port=port, start=port / 100).fin("client", seq=1).rst("server")
        for port in range(1, 41)
    ]
    first = found(*talks).standouts[0]
    assert first.kind == "port_sweep"
    assert "tried 40 ports of 198.51.100.1" in first.sentence


def test_a_server_above_the_others_has_a_line_of_its_own() -> None:
    many = [Conversation(client_port=40_000 + i, start=i / 10).syn().syn(after=1) for i in range(9)]
    few = [
        Conversation(client_port=41_000 + i, server=f"198.51.100.{10 + i}", start=i / 10).syn().syn(after=1)
        for i in range(6)
    ]
    one, others = found(*many, *few).standouts
    assert one.sentence.startswith("198.51.100.1:80 answered none of 9 connections")
    assert others.sentence.startswith("198.51.100.10:80 and 5 other servers answered none of 6 connections")


def test_icmp_errors_are_packets_that_are_no_segments() -> None:
    (only,) = pf.analyze(pcap([syn(0), quoting(1, START), quoting(2, START, code=4)])).standouts
    assert only.sentence == (
        "203.0.113.1 sent 2 ICMP errors about 192.0.2.1 to 198.51.100.1:80 "
        "(Destination unreachable (Host unreachable) and 1 other kind)"
    )
    assert only.display_filter == "frame.number in {2, 3}"


def test_handshakes_that_took_longer_than_the_others() -> None:
    """Eleven handshakes of 20 ms and one of 500 ms with one server."""
    slow = Conversation(client_port=60_000, start=20.0, rtt=0.5)
    analysis = found(
        *fine(11, rtt=0.02), slow.handshake().data("client", 100).data("server", 900).ack("client").close()
    )
    numbers = analysis.patterns["handshake_time_outliers"].observations
    ends = SimpleNamespace(server="198.51.100.1")
    text = "1 of 12 handshakes with 198.51.100.1 took far longer than the others, up to 500 ms"
    assert SENTENCES["handshake_time_outliers"](numbers, ends) == text


@pytest.mark.parametrize("most", [2, 40])
def test_who_tried_what_is_counted_by_different_things(most: int) -> None:
    random = np.random.default_rng(most)
    who, what, each = (random.integers(0, high, 3_000) for high in (most, 3, 25))
    tried: dict[tuple[int, int], set[int]] = {}
    for one, other, thing in zip(who.tolist(), what.tolist(), each.tolist(), strict=True):
        tried.setdefault((one, other), set()).add(thing)

    expected = [(*key, len(tried[key])) for key in sorted(tried) if len(tried[key]) >= TRIED]

    assert list(_tried(who, what, each)) == expected


def test_nobody_tried_many_things() -> None:
    nothing = np.empty(0, np.int64)

    assert list(_tried(nothing, nothing, nothing)) == []
    assert list(_tried(np.arange(30), np.arange(30), np.arange(30))) == []


def test_a_client_that_resets_after_its_own_fin_has_closed() -> None:
    talks_ = [talk.handshake().data("client", 100).data("server", 900).fin("client").rst("client") for talk in talks(3)]
    assert found(*talks_).standouts == ()


def test_one_pause_of_a_client_is_nothing_and_three_are() -> None:
    once, often = Conversation().handshake(), Conversation().handshake()
    for pause in (0, 30, 0):
        once.data("client", 100, after=pause + 0.01).data("server", 900).ack("client")
    for pause in (2, 2, 2):
        often.data("client", 100, after=pause).data("server", 900).ack("client")
    assert [seen.kind for seen in found(once.close()).standouts] == []
    each = [
        talk.handshake().data("client", 100, after=30).data("server", 900).ack("client").close() for talk in talks(3)
    ]
    assert [seen.kind for seen in found(*each).standouts] == []
    assert [seen.kind for seen in found(often.close()).standouts] == ["client_waits"]


def test_a_request_at_the_end_of_a_capture_is_not_called_unanswered() -> None:
    other = fine(2, server=OTHER)
    other[1] = Conversation(client_port=50_000, server=OTHER, start=60.0).handshake().close()
    asked = Conversation().handshake().data("client", 100)
    assert found(asked, *other).standouts == ()
    acknowledged = Conversation().handshake().data("client", 100).ack("server")
    assert [seen.kind for seen in found(acknowledged, *other).standouts] == ["unanswered_requests"]


@pytest.mark.parametrize("more", [0, 1])
def test_a_server_that_resets_after_its_own_fin_met_more_data(more: int) -> None:
    """Of three connections each: without data after the server's FIN they had ended."""
    closing = [
        talk.handshake().data("client", 100).data("server", 900).ack("client").fin("server") for talk in talks(3)
    ]
    seen = found(
        *((talk.data("client", 50) if more else talk.ack("client")).rst("server") for talk in closing)
    ).standouts
    assert len(seen) == more
    assert all("after its own FIN, when 192.0.2.1 sent more data" in one.sentence for one in seen)


def test_a_slow_path_is_named_rather_than_the_syns_repeated_on_it() -> None:
    slow = [
        Conversation(client_port=40_000 + i, start=10.0 * i, rtt=2.0).syn().syn(after=1.0).syn_ack(after=1.0).ack()
        .data("client", 100).ack("server").data("server", 900).ack("client").close()
        for i in range(3)
    ]  # fmt: skip
    kinds = [seen.kind for seen in found(*slow).standouts]
    assert "slow_round_trips" in kinds
    assert "repeated_syn" not in kinds


def test_one_resend_of_two_segments_is_named_last() -> None:
    """Half of the data of that client, and yet one packet; with another server a SYN of three was repeated."""
    few = Conversation(client_port=50_000, server=OTHER, start=90.0).handshake().data("client", 100)
    few = few.retransmit("client", after=0.3).ack("server").close()
    again = Conversation().syn().syn(after=1.0).syn_ack().ack().data("client", 100).data("server", 900).ack("client")
    kinds = [seen.kind for seen in found(few, again.close(), *fine(40)[1:]).standouts]
    assert kinds == ["slow_handshakes", "high_retransmission"]


def test_more_slow_connections_than_are_listed_are_at_least_so_many() -> None:
    """Of 130 connections with round trips of 2 s, the pattern lists 100."""
    slow = [
        talk.handshake().data("client", 100).data("server", 900).ack("client").close() for talk in talks(130, rtt=2.0)
    ]
    seen = next(seen for seen in found(*slow).standouts if seen.kind == "slow_round_trips")
    assert seen.sentence.endswith(", in at least 100 of 130 connections")
