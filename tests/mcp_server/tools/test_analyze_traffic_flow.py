"""Both directions of a server, small however many its clients are."""

from pathlib import Path

import pcapframe as pf
from tests.mcp_server.clients import SMALL, Blocking, text


def test_the_default_answer_is_small(large: Path, served_large: Blocking) -> None:
    for name in ("resets.pcap", "again.pcap"):
        server = str(pf.analyze(large / name, progress=False).connections["server"].iloc[0])
        result = served_large.call("analyze_traffic_flow", pcap_file=name, server_ip=server)
        assert not result.is_error
        assert len(text(result)) <= SMALL
