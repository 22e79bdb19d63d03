import pytest

from pcapframe.patterns.capture_gaps import CaptureGapsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = CaptureGapsLimits()


def test_bytes_that_only_the_receiver_saw() -> None:
    talk = Conversation(client_port=1).handshake()
    talk.data("client", 300).data("client", 100, drop=True).ack("server")
    talk.data("server", 500, drop=True).ack("client").close()
    seen = observe(view(talk, *healthy(1, start=10)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["missing_bytes"], found["payload_bytes"]) == (600, 1400)
    assert found["missing_share"] == pytest.approx(0.3)
    assert (found["from_client"], found["from_server"]) == (100, 500)
    assert (found["acknowledgements"], found["connections"]) == (2, 1)
    assert found["by_connection"] == {"192.0.2.1:1 <-> 198.51.100.1:80": 600}
    assert seen.evidence.frames == (5, 6)


def test_lost_and_sent_again_is_no_gap() -> None:
    talk = Conversation().handshake().data("client", 100, drop=True, lost=True).data("client", 100)
    talk.ack("server").retransmit("client", 1, after=0.3).ack("server")
    assert observe(view(talk), LIMITS) is None


def test_threshold() -> None:
    talk = Conversation().handshake().data("client", 100, drop=True).ack("server")
    assert observe(view(talk), CaptureGapsLimits(min_bytes=100)) is not None
    assert observe(view(talk), CaptureGapsLimits(min_bytes=101)) is None


def test_complete_capture() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None
