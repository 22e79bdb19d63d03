"""An analysis in a notebook."""

import pcapframe as pf
from tests.builders import pcap


def test_html_without_patterns_has_no_table() -> None:
    assert "<table" not in pf.analyze(pcap([]))._repr_html_()


def test_what_stands_out_comes_first_and_the_rest_is_folded() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    page = analysis._repr_html_()
    places = [page.index(text) for text in ("What stands out", "handshakes complete", "<details>", "<table>")]
    assert places == sorted(places)
    assert page.index(analysis.standouts[0].sentence) < page.index("<details>")
    assert page.count("<details>") == page.count("</details>") == 3
    assert "29 of 42" in page


def test_a_clean_capture_says_that_nothing_stands_out() -> None:
    page = pf.analyze(pf.example("clean.pcap"))._repr_html_()
    assert "Nothing stands out." in page
    assert "Looked at: " in page
