"""Bits that are said of packets, and the state they are read off."""

from pcapframe.segments.exchange.hosts import HOST, KEEP_ALIVE, RST_IGNORED, WINDOW_PROBE


def test_bits_are_told_apart() -> None:
    bits = (KEEP_ALIVE, WINDOW_PROBE, RST_IGNORED)
    assert sum(bits) == KEEP_ALIVE | WINDOW_PROBE | RST_IGNORED
    assert max(bits) < 256


def test_sequence_numbers_have_32_bits() -> None:
    assert {str(HOST[name]) for name in ("isn", "high", "acked", "probe_seq")} == {"uint32"}
