"""ICMP errors and names of all parts, as one machine tells them."""

from typing import Any

import pcapframe as pf
from pcapframe import cluster
from tests.cluster.captures import hold_equal


def test_errors_and_names_are_those_of_one_machine(client: Any) -> None:
    captures = [str(pf.example(name)) for name in ("resets.pcap", "workshops/web_shop.pcap.gz")]
    want = pf.analyze(captures, keep="events", progress=False)
    assert want.connections["icmp_errors"].sum() > 0
    assert want.connections["server_name"].notna().any() or want.connections["server_names"].notna().any()
    hold_equal(cluster.analyze(captures, client, keep="events", progress=False), want)
