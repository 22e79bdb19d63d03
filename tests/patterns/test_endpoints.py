from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from pcapframe.patterns import Endpoints
from tests.builders import Conversation
from tests.patterns.views import view


def endpoints(*pairs: tuple[str, int, str, int]) -> Endpoints:
    columns = dict(zip(("client", "client_port", "server", "server_port"), zip(*pairs, strict=True), strict=True))
    addresses = pd.CategoricalDtype([*dict.fromkeys([*columns["client"], *columns["server"]])])
    return Endpoints(pd.DataFrame(columns).astype({"client": addresses, "server": addresses}))


A, B, C = (
    ("192.0.2.1", 1000, "192.0.2.9", 80),
    ("2001:db8::1", 2000, "2001:db8::9", 443),
    ("192.0.2.2", 3, "192.0.2.9", 80),
)


def test_pairs_are_summed_over_port_reuse_and_sorted() -> None:
    counts, total = endpoints(A, B, A, C).count_pairs(np.array([1, 2, 2, 0]))
    assert list(counts.items()) == [
        ("192.0.2.1:1000 <-> 192.0.2.9:80", 3),
        ("[2001:db8::1]:2000 <-> [2001:db8::9]:443", 2),
    ]
    assert total == 2


def test_lists_are_capped_with_the_exact_total() -> None:
    many = endpoints(*(("192.0.2.1", port, "192.0.2.9", 80) for port in range(1, 151)))
    counts, total = many.count_pairs(np.arange(150))
    assert (len(counts), total) == (100, 149)
    assert counts["192.0.2.1:150 <-> 192.0.2.9:80"] == 149
    assert many.count_servers(np.ones(150, np.int64)) == ({"192.0.2.9:80": 150}, 1)


def test_no_counts() -> None:
    assert endpoints(A).count_pairs(np.array([0])) == ({}, 0)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([A], "ip.addr == 192.0.2.1 && tcp.port == 1000 && ip.addr == 192.0.2.9 && tcp.port == 80"),
        ([A, A], "ip.addr == 192.0.2.1 && tcp.port == 1000 && ip.addr == 192.0.2.9 && tcp.port == 80"),
        (
            [A, B],
            "(ip.addr == 192.0.2.1 && tcp.port == 1000 && ip.addr == 192.0.2.9 && tcp.port == 80) || "
            "(ipv6.addr == 2001:db8::1 && tcp.port == 2000 && ipv6.addr == 2001:db8::9 && tcp.port == 443)",
        ),
        (
            [(f"192.0.2.{i}", i, "192.0.2.99", 80) for i in range(4)],
            "ip.addr == 192.0.2.99 && tcp.port == 80",
        ),
        ([(f"192.0.2.{i}", i, "192.0.2.99", 80 + i) for i in range(4)], "ip.addr == 192.0.2.99 && tcp"),
        ([("192.0.2.99", i, f"192.0.2.{i}", 80) for i in range(4)], "ip.addr == 192.0.2.99 && tcp"),
        ([(f"192.0.2.{i}", i, f"198.51.100.{i}", 80) for i in range(4)], None),
    ],
)
def test_display_filter(pairs: list[tuple[str, int, str, int]], expected: str | None) -> None:
    assert endpoints(*pairs).display_filter(np.arange(len(pairs))) == expected


def test_addresses_need_not_be_numbered_alike() -> None:
    connections = pd.DataFrame(
        {"client": ["b", "a"], "client_port": [1, 2], "server": ["a", "b"], "server_port": [2, 1]}
    ).astype({"client": "category", "server": pd.CategoricalDtype(["c", "b", "a"])})
    ends = Endpoints(connections)
    assert ends.client.tolist() == ends.server.tolist()[::-1]
    assert ends.texts(np.array([0])) == ["b:1 <-> a:2"]


def test_numbers_of_built_connections() -> None:
    talks = [Conversation(client_port=port).handshake() for port in (1, 2)]
    ends = view(*talks).endpoints
    assert all(one != other for one, other in pairwise(ends.client))
    assert len(set(ends.server.tolist())) == 1
