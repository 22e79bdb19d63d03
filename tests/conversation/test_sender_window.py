"""What limits a sender: the window that it knows, at a distance and with a pace of its own."""

import pandas as pd
import pytest

import pcapframe as pf
from tests.builders import Conversation, pcap

RTT, STEP, SEGMENT = 0.02, 0.0001, 1000


def narrow() -> Conversation:
    """Two segments fit into each window."""
    made = Conversation(rtt=RTT, mss=SEGMENT, timestamps=False, window_scale=None, window=2 * SEGMENT)
    return made.handshake()


def connection(made: Conversation) -> pd.Series:
    return pf.analyze(pf.read_pcap(pcap(made), progress=False)).connections.iloc[0]


def test_at_a_distance_the_window_comes_later() -> None:
    """The server sends, captured at the client: each window reaches it 20 ms later."""
    made = narrow()
    for _ in range(3):
        made.data("server", 2 * SEGMENT, segment=SEGMENT, after=STEP).ack().wait(RTT)
    assert connection(made.ack())["server_window_limited_s"] == pytest.approx(2 * (RTT + STEP + STEP))


def test_bytes_beyond_the_window_show_that_the_sender_is_nearer() -> None:
    """The first answer took 20 ms, all others 5 ms."""
    made = narrow()
    for _ in range(4):
        made.data("server", 2 * SEGMENT, segment=SEGMENT, after=STEP).ack().wait(RTT / 4)
    seen = connection(made.ack())
    assert seen["server_window_limited_s"] == pytest.approx(3 * (RTT / 4 + STEP + STEP))
    assert seen["server_busy_s"] == pytest.approx(4 * (RTT / 4 + 3 * STEP) - STEP + STEP, abs=2 * STEP)


def test_the_pause_of_a_paced_sender_is_its_own() -> None:
    """The client pauses 4 ms after each segment, then the window is full for longer than that."""
    made = Conversation(rtt=RTT, mss=SEGMENT, timestamps=False, window_scale=None, window=6 * SEGMENT).handshake()
    for _ in range(3):
        made.data("client", 6 * SEGMENT, segment=SEGMENT, after=0.004).ack("server", after=0.05)
    limited = connection(made)["client_window_limited_s"]
    assert limited == pytest.approx(2 * (0.05 + 0.004 - 0.004), abs=0.005)


def test_the_first_flight_is_limited_by_the_congestion_window() -> None:
    """Ten segments may be sent before the first ACK (RFC 6928): with a window of ten, both are full."""
    made = Conversation(rtt=RTT, mss=SEGMENT, timestamps=False, window_scale=None, window=10 * SEGMENT).handshake()
    for _ in range(2):
        made.data("client", 10 * SEGMENT, segment=SEGMENT).ack("server")
    assert connection(made.data("client", SEGMENT))["client_window_limited_s"] == pytest.approx(RTT + STEP)


def test_bytes_beyond_the_captured_window_show_another_one() -> None:
    """The window of a SYN-ACK is not scaled: here it is too small for what the client sends at once."""
    made = Conversation(rtt=RTT, mss=SEGMENT, timestamps=False, window=502, window_scale=7).handshake()
    made.data("client", SEGMENT).data("client", SEGMENT, after=0.01).ack("server").data("client", SEGMENT)
    assert connection(made)["client_window_limited_s"] == 0
