"""Charts inside HTML."""

import re

import pcapframe as pf
from pcapframe.report.figures import draw_figure


def test_a_chart_carries_a_description_both_themes_and_a_narrow_form() -> None:
    image = draw_figure(pf.plots.CHARTS["overview"], pf.analyze(pf.example("clean.pcap")), {})
    media = re.findall(r" media='([^']+)'", image)
    dark, narrow = "(prefers-color-scheme: dark)", "(max-width: 600px)"
    assert media == [f"{narrow} and {dark}", narrow, dark]  # the browser takes the first that holds
    assert len(set(re.findall(r"base64,([^']+)", image))) == 4
    assert re.search(r"alt='Capture overview [^']+'", image)
