"""What packets tell once they are gone."""

import pcapframe as pf
from pcapframe.analysis.known import capture_facts


def test_facts_of_a_capture() -> None:
    analysis = pf.analyze(pf.example("midstream.pcap"), progress=False)
    facts = capture_facts(analysis.packets, analysis.segments, analysis.capture)
    assert (facts.packets, facts.message, facts.is_tunnelled) == (len(analysis.packets), None, False)
    assert [finding.name for finding in facts.findings] == ["cut_packets"]
    assert capture_facts(analysis.packets, analysis.segments, analysis.capture, analysis.health) == facts
