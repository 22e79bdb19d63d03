"""The table of link types: their names; a new one is added in ``test_tables``."""

from pcapframe.capture.link_types import LINK_TYPES, is_undecoded, link_name


def test_names():
    assert link_name(1) == LINK_TYPES[1].name == "Ethernet"
    assert link_name(147) == "link type 147"


def test_what_is_not_decoded_is_told_by_its_protocol():
    assert [name for name in ("TCP", "link type 147", "other", "other link types") if is_undecoded(name)] == [
        "link type 147",
        "other link types",
    ]
