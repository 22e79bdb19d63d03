"""Endpoints by role, and what shows the roles."""

import pytest

from tests.builders import Conversation
from tests.connections.made import connection


def test_the_client_is_who_sends_the_syn() -> None:
    made = Conversation().handshake().data("client", 10)
    seen = connection(made)
    assert seen["roles"] == "syn"
    assert seen["client"] != seen["server"]
    assert seen["client_port"] > seen["server_port"]


@pytest.mark.parametrize(("first", "roles"), [(1, "syn_ack"), (2, "inferred")])
def test_roles_without_the_first_packets(first: int, roles: str) -> None:
    frames = list(Conversation().handshake().data("server", 10).ack("client"))
    whole, late = connection(frames), connection(frames[first:])
    assert late["roles"] == roles
    assert [late[name] for name in ("client", "client_port", "server", "server_port")] == [
        whole[name] for name in ("client", "client_port", "server", "server_port")
    ]
