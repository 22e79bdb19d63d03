"""JSON Schema from the types that declare the answers."""

from typing import Any, Literal, NotRequired, TypedDict

import jsonschema
import pytest

import pcapframe as pf
from pcapframe import answers
from pcapframe.mcp_server.schemas import output_schema, schema_of


class Inner(TypedDict):
    count: int
    rate: float | None


class Outer(TypedDict):
    name: str
    kind: Literal["a", "b"]
    inner: list[Inner]
    by_name: dict[str, int]
    free: dict[str, Any]
    late: NotRequired[bool]


class Other(TypedDict):
    name: str
    reason: str | None


def test_every_kind_of_type() -> None:
    inner = {"type": "object", "properties": {"count": {"type": "integer"}, "rate": {"type": ["number", "null"]}}}
    assert output_schema(Outer) == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "kind": {"enum": ["a", "b"]},
            "inner": {"type": "array", "items": inner},
            "by_name": {"type": "object", "additionalProperties": {"type": "integer"}},
            "free": {"type": "object"},
            "late": {"type": "boolean"},
        },
        "required": ["name", "kind", "inner", "by_name", "free"],
    }
    assert schema_of(Outer, deep=1)["properties"]["inner"] == {"type": "array", "items": {"type": "object"}}
    assert schema_of(list[Any]) == {"type": "array"}
    assert schema_of(dict[str, Any] | int) == {"anyOf": [{"type": "object"}, {"type": "integer"}]} or schema_of(
        dict[str, Any] | int
    ) == {"type": ["object", "integer"]}


def test_what_all_answers_have_is_not_described_again() -> None:
    schema = output_schema(Outer, alike=Outer)
    assert schema["properties"]["inner"] == {"type": "array", "items": {"type": "object"}}
    assert schema["properties"]["name"] == {"type": "string"}


def test_several_forms() -> None:
    schema = output_schema(Outer, Other)
    assert schema["required"] == ["name"]
    assert list(schema["properties"]) == ["name", "kind", "inner", "by_name", "free", "late", "reason"]


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_the_answers_are_as_described_and_a_wrong_one_is_not(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    server = str(analysis.connections["server"].iloc[0])
    made: list[tuple[Any, Any]] = [
        (pf.analyze_tcp_anomalies(analysis), answers.AnomaliesAnswer),
        (pf.analyze_tcp_connections(analysis), answers.ConnectionsAnswer),
        (pf.analyze_tcp_retransmissions(analysis), answers.RetransmissionsAnswer),
        (pf.analyze_traffic_flow(analysis, server), answers.FlowAnswer),
    ]
    for answer, form in made:
        schema = output_schema(form, answers.NoTcpAnswer)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(answer, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**answer, "packets_analyzed": "many"}, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({k: v for k, v in answer.items() if k != "file"}, schema)
