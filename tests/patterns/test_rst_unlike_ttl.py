from pcapframe.patterns.rst_unlike_ttl import RstUnlikeTtlLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = RstUnlikeTtlLimits()


def reset_with(ttl: int, number: int = 1, side: str = "server") -> Conversation:
    """The RST is the fifth packet; the client's others have 64, the server's 57 hops left."""
    talk = Conversation(client_port=number, start=number).handshake().data("client", 10)
    return talk.rst(side, ttl=ttl)  # type: ignore[arg-type]


def test_another_hop_limit() -> None:
    refused = Conversation(client_port=9, start=9).refused()
    seen = observe(view(reset_with(120, 1), reset_with(57, 2), reset_with(255, 3, "client"), refused), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "rsts": 2,
        "compared_rsts": 3,
        "total_rsts": 4,
        "connections": 2,
        "rst_to_server": 1,
        "rst_from_server": 1,
        "hop_limits": [
            {"rst": 120, "others_min": 57, "others_max": 57, "count": 1},
            {"rst": 255, "others_min": 64, "others_max": 64, "count": 1},
        ],
        "hop_limits_total": 2,
    }
    assert seen.evidence.frames == (5, 15)


def test_two_hops_are_no_difference() -> None:
    assert observe(view(reset_with(55), reset_with(59, 2)), LIMITS) is None
    assert observe(view(reset_with(54)), LIMITS) is not None
    assert observe(view(reset_with(60)), LIMITS) is not None
    assert observe(view(reset_with(55)), RstUnlikeTtlLimits(hops=1)) is not None


def test_range_of_the_other_packets() -> None:
    talk = Conversation().handshake().ack("server", ttl=100).rst("server", ttl=80)
    assert observe(view(talk), LIMITS) is None


def test_nothing_to_compare_with() -> None:
    assert observe(view(Conversation().refused()), LIMITS) is None


def test_no_rst() -> None:
    assert observe(view(*healthy(1)), LIMITS) is None


def test_inferred_roles_give_no_direction() -> None:
    talk = Conversation(server_port=50000).handshake(drop=True).data("client", 10).ack("server").rst("server", ttl=200)
    seen = observe(view(talk, reset_with(120, 1)), LIMITS)
    assert seen is not None
    assert (seen.observations["rst_to_server"], seen.observations["rst_from_server"]) == (0, 1)
    assert seen.description.endswith(": 1 from the server, 1 of unknown direction.")
