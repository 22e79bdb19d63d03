"""Prompts ask for observations and evidence, never for causes."""

import re

from tests.mcp_server.clients import Blocking
from tests.test_architecture import JUDGING

NAMES = ("review_tcp_connections", "review_resets_and_retransmissions")


def test_the_two_reviews(served: Blocking) -> None:
    listed = served.do(served.client.list_prompts).prompts
    assert {prompt.name for prompt in listed} == set(NAMES)
    tools = {tool.name for tool in served.do(served.client.list_tools).tools}
    for prompt in listed:
        assert [(argument.name, argument.required) for argument in prompt.arguments] == [("pcap_file", True)]
        (message,) = served.do(served.client.get_prompt, prompt.name, {"pcap_file": "resets.pcap"}).messages
        assert message.role == "user"
        said = message.content.text
        assert "resets.pcap" in said
        assert "Do not name causes" in said
        assert "frame numbers" in said
        assert not JUDGING.search(said)
        assert set(re.findall(r"\b(?:analyze|get|dissect|draw)_\w+", said)) <= tools


def test_nothing_that_the_server_says_of_itself_judges(served: Blocking) -> None:
    tools = served.do(served.client.list_tools).model_dump_json()
    resources = served.do(served.client.list_resource_templates).model_dump_json()
    assert not JUDGING.search(tools + resources + str(served.client.instructions))
