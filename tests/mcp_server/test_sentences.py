"""Sentences about errors are short, and show what they hold."""

import pydantic
import pytest

from pcapframe.errors import CaptureNotFoundError, ParameterError
from pcapframe.mcp_server.sentences import echoed, sentence
from tests.mcp_server.clients import Blocking

LONG = "n" * 100_000


def test_ours_are_told_and_faults_are_not() -> None:
    assert sentence(ParameterError("expected either pattern or conn_id")) == "expected either pattern or conn_id"
    assert sentence(MemoryError()) == "there is not enough memory for this capture"
    assert sentence(RuntimeError("inner workings")) is None
    assert sentence(None) is None


def test_what_a_client_sent_is_shortened() -> None:
    told = sentence(CaptureNotFoundError(f"a/{LONG}.pcap", "there is no such file"))
    assert told is not None
    assert told.startswith("a/nnn")
    assert told.endswith("more characters): there is no such file")
    assert len(told) < 250
    spaced = sentence(ParameterError(f"there is no pattern {'a b' * 50_000!r}: expected one of these"))
    assert spaced is not None
    assert len(spaced) < 1_050


def test_arguments_that_do_not_validate_are_told_without_their_values() -> None:
    class Arguments(pydantic.BaseModel):
        limit: int

    with pytest.raises(pydantic.ValidationError) as error:
        Arguments(limit=LONG)  # type: ignore[arg-type]
    told = sentence(error.value)
    assert told is not None
    assert told.startswith("the arguments are not valid: limit: Input should be a valid integer")
    assert "nn" not in told


def test_short_texts_stay_as_they_are() -> None:
    assert echoed("captures/größe 1.pcap") == "captures/größe 1.pcap"


@pytest.mark.parametrize("name", ["n" * 256, "n" * 100_000, "a\0b", "a/" * 500_000, "a\x1b[31m\nb\u202e" * 100])
def test_over_a_session(served: Blocking, name: str) -> None:
    asked = {"pcap_file": "clean.pcap"}
    said = [
        served.error("analyze_tcp_anomalies", pcap_file=name),
        served.error("analyze_tcp_anomalies", pcap_file=f"http://{name}/"),
        served.error("analyze_traffic_flow", **asked, server_ip=name),
        served.error("get_packets", **asked, pattern=name),
        served.error("draw_chart", **asked, chart=name),
        served.error("get_packets", **asked, conn_id=int("9" * min(len(name), 4_000))),
        served.error("get_packets", **asked, cursor=name),
        served.error("get_packets", **asked, **{name: 1}),
        served.error(name),
        served.failing_read(name),
    ]
    for told in said:
        assert len(told) < 1_050
        assert told.isprintable()
        assert "Traceback" not in told
