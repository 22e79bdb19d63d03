"""What is no valid message is answered over stdio, with the id where it has one."""

import json
import subprocess
from typing import Any

import pytest

from pcapframe.mcp_server.stdio import refusal
from tests.mcp_server.clients import COMMAND, DATA, ENVIRONMENT

PARSE_ERROR, INVALID_REQUEST = -32700, -32600


def call(number: Any, name: str = "clean.pcap") -> dict[str, Any]:
    asked = {"name": "get_capture_facts", "arguments": {"pcap_file": name}}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": asked}


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        ("{", PARSE_ERROR, None),
        ("[" * 100_000, PARSE_ERROR, None),
        ("\ufffd\ufffd", PARSE_ERROR, None),
        (json.dumps(call(9, "a\ud800b")), PARSE_ERROR, 9),  # as JSON, a lone surrogate
        (json.dumps(call("\udc80")), PARSE_ERROR, None),
        ("[]", INVALID_REQUEST, None),
        ("null", INVALID_REQUEST, None),
        ('{"id": 1, "method": "tools/list"}', INVALID_REQUEST, 1),
        ('{"jsonrpc": "1.0", "id": "two", "method": "tools/list"}', INVALID_REQUEST, "two"),
        ('{"jsonrpc": "2.0", "id": 3, "method": 5}', INVALID_REQUEST, 3),
        ('{"jsonrpc": "2.0", "id": 4}', INVALID_REQUEST, 4),
        ('{"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": [1]}', INVALID_REQUEST, 5),
        ('{"jsonrpc": "2.0", "method": 5}', INVALID_REQUEST, None),
        *[(json.dumps({**call(0), "id": number}), INVALID_REQUEST, None) for number in (1.5, None, True, [1], {})],
    ],
)
def test_a_request_that_is_not_valid_is_answered(line: str, code: int, number: Any) -> None:
    answer = refusal(line)
    assert answer is not None
    assert (answer.error.code, answer.id) == (code, number)
    assert answer.error.message.isprintable()
    assert len(answer.error.message) < 200


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(call(1)),
        json.dumps(call("one")),
        '{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        '{"jsonrpc": "2.0", "id": 1, "result": {}}',
        '{"jsonrpc": "2.0", "id": 1, "error": "damaged"}',  # a response: an answer to it would be answered in turn
        "\n",
    ],
)
def test_everything_else_goes_on(line: str) -> None:
    assert refusal(line) is None


def test_a_session_goes_on_after_what_was_not_valid() -> None:
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    initialize = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": about}
    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    lines = ["{", "[]", initialize, initialized, call(1, "n" * 300), "\udcff", call(2, "a\ud800b"), call(1.5), call(3)]
    sent = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    process = subprocess.Popen(COMMAND, cwd=DATA, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{sent}\n".encode(errors="surrogateescape"))
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(8)]
        process.stdin.close()
        assert process.wait(20) == 0
    by_id = {answer["id"]: answer for answer in answers if answer["id"] is not None}
    assert sorted(by_id) == [0, 1, 2, 3]
    assert [answer["error"]["code"] for answer in answers if answer["id"] is None].count(PARSE_ERROR) == 2
    assert by_id[2]["error"]["code"] == PARSE_ERROR
    assert "File name too long" in by_id[1]["result"]["content"][0]["text"]
    assert by_id[3]["result"]["structuredContent"]["packets"] == 386
