"""An analysis in a notebook."""

import pcapframe as pf
from tests.builders import pcap


def test_html_without_patterns_has_no_table() -> None:
    assert "<table" not in pf.analyze(pcap([]))._repr_html_()
