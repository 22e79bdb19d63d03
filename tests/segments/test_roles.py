"""Who is the client: shown by a SYN or a SYN-ACK, inferred otherwise."""

import pandas as pd

import pcapframe as pf
from tests.builders import Conversation, Frame
from tests.segments.made import segments


def roles(*conversations: list[Frame] | Conversation) -> pd.DataFrame:
    return pf.build_connections(segments(*conversations))[["client_port", "server_port", "roles"]]


def midstream(client_port: int, server_port: int, start: float = 0.0) -> Conversation:
    talk = Conversation(client_port=client_port, server_port=server_port, start=start)
    return talk.syn(drop=True).syn_ack(drop=True).ack(drop=True)


def test_a_syn_shows_it_whatever_the_ports() -> None:
    made = roles(Conversation(client_port=80, server_port=40000).handshake())
    assert made.iloc[0].tolist() == [80, 40000, "syn"]


def test_a_syn_ack_shows_it_too() -> None:
    made = roles(Conversation(client_port=80, server_port=40000).syn(drop=True).syn_ack().ack())
    assert made.iloc[0].tolist() == [80, 40000, "syn_ack"]


def test_a_likely_server_port_decides_otherwise() -> None:
    assert roles(midstream(50000, 443).data("server", 10)).iloc[0].tolist() == [50000, 443, "inferred"]
    assert roles(midstream(50000, 443).data("client", 10)).iloc[0].tolist() == [50000, 443, "inferred"]


def test_then_the_lower_kind_of_port() -> None:
    assert roles(midstream(50000, 9000).data("server", 10)).iloc[0].tolist() == [50000, 9000, "inferred"]


def test_then_the_endpoint_that_more_connections_share() -> None:
    talks = [midstream(40000 + i, 50000, float(i)).data("server", 10) for i in range(3)]
    made = roles(*talks)
    assert made["server_port"].tolist() == [50000] * 3
