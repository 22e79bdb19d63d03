"""The look of each kind of data in all charts: a colour, with a hatch, marker or line style that differs too.

The colours are those of Okabe and Ito (2008), which people with common colour vision deficiencies can tell apart. Their
black is left out: text, axes and outlines take the text colour of the axes, so that charts suit dark backgrounds too.
"""

from typing import NamedTuple

__all__ = [
    "BLUE",
    "DIRECTIONS",
    "ENDING_LOOKS",
    "FATE_LOOKS",
    "GREY",
    "HANDSHAKE_LOOKS",
    "MARK_LOOKS",
    "OVERVIEW_LOOKS",
    "PART_LOOKS",
    "PHASE_LOOKS",
    "REASON_LOOKS",
    "RTT_LOOKS",
    "SENDER_LOOKS",
    "SEQUENCE_LOOKS",
    "SIDES",
    "TURN_LOOKS",
    "WAIT_LOOKS",
    "WINDOW_LOOKS",
    "Look",
]

ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE, GREY = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#8C8C8C",
)  # fmt: skip


class Look(NamedTuple):
    """Colour, hatch, marker and line style of one kind of data, and its label in the legend."""

    label: str
    color: str
    hatch: str = ""
    marker: str = "o"
    line: str = "-"


SIDES = {
    "client": Look("from clients", SKY, "", "o", "-"),
    "server": Look("from servers", ORANGE, "//", "s", "--"),
}
DIRECTIONS = {
    "to_server": Look("to the server", SKY),
    "from_server": Look("from the server", ORANGE, "//"),
    "unknown": Look("roles unknown", GREY, ".."),
}
PHASE_LOOKS = {
    "handshake": Look("in the handshake", ORANGE, "//"),
    "no_data": Look("before any data", YELLOW, ".."),
    "data": Look("after data", VERMILLION),
    "idle": Look("after an idle gap", PURPLE, "xx"),
    "fin": Look("after a FIN", SKY, "\\\\"),
    "rst": Look("after another RST", BLUE, "++"),
    "unknown": Look("start not captured", GREY, "--"),
}
REASON_LOOKS = {
    "timeout": Look("timeout", VERMILLION, "", "s"),
    "fast": Look("fast", SKY, "//", "^"),
    "tail_probe": Look("tail probe", GREEN, "..", "v"),
    "syn_retry": Look("SYN retry", PURPLE, "xx", "D"),
    "unknown": Look("reason unknown", GREY, "--", "o"),
}
ENDING_LOOKS = {
    "fin": Look("ended by FINs", GREEN, "", "|"),
    "half_closed": Look("FIN one way", SKY, "//", "|"),
    "reset": Look("ended by a RST", VERMILLION, "xx", "x"),
    "open": Look("no ending captured", GREY, "..", "|"),
}
FATE_LOOKS = {
    "lost_between": Look("lost between", VERMILLION, "", "x"),
    "not_captured": Look("missing in the capture", GREY, "", "o"),
    "added": Look("added on the way", PURPLE, "", "D"),
    "unknown": Look("unknown", YELLOW, "", "s"),
}
HANDSHAKE_LOOKS = {
    "complete": Look("complete", GREEN),
    "refused": Look("refused", VERMILLION, "xx"),
    "unanswered": Look("unanswered", ORANGE, "//"),
    "half_open": Look("half open", SKY, "\\\\"),
    "aborted": Look("aborted by the client", PURPLE, "--"),
    "not_captured": Look("not captured", GREY, ".."),
}
PART_LOOKS = {
    "payload_bytes": Look("new payload", SKY),
    "resent_bytes": Look("retransmitted payload", VERMILLION, "xx"),
    "other_bytes": Look("headers and copies", GREY, ".."),
}
RTT_LOOKS = {
    "client": Look("answers of servers", SKY, "", "o", "-"),
    "server": Look("answers of clients", ORANGE, "//", "s", "--"),
}
TURN_LOOKS = {
    "wait": Look("client waits", GREY, ".."),
    "request": Look("request", SKY),
    "service": Look("service", ORANGE, "//"),
    "response": Look("response", GREEN, "xx"),
}
WAIT_LOOKS = {
    "handshake": Look("handshake", PURPLE, marker="D"),
    "service": Look("service", ORANGE, marker="s"),
    "transfer": Look("transfer", GREEN, marker="o"),
}
SENDER_LOOKS = {
    "sending": Look("sending", SKY),
    "repairing": Look("repairing", VERMILLION, "xx"),
    "window_limited": Look("limited by the window", ORANGE, "//"),
    "unsplit": Look("sending or limited (window scale unknown)", YELLOW, "\\\\"),
    "idle": Look("idle", GREY, ".."),
}
# Drawn in the text colour, since they lie on bars of every colour.
MARK_LOOKS = {
    "fin": Look("FIN", GREY, marker="|"),
    "rst": Look("RST", VERMILLION, marker="x"),
    "resent": Look("retransmitted", SKY, marker="^"),
}
SEQUENCE_LOOKS = {
    "segment": Look("segment", SKY, marker="_"),
    "resent": Look("retransmitted", VERMILLION, marker="^"),
    "sack": Look("SACK", PURPLE, marker="s"),
    "ack": Look("acknowledged", GREEN, line="-"),
    "window": Look("window", ORANGE, line="--"),
    "zero_window": Look("zero window", BLUE, marker="v"),
    "fin": Look("FIN", YELLOW, marker="D"),  # these two are drawn in the text colour
    "rst": Look("RST", GREY, marker="x"),
}
WINDOW_LOOKS = {
    "in_flight": Look("in flight", SKY, marker="o"),
    "window": Look("window offered", ORANGE, line="--", marker=""),
    "window_full": Look("fills the window", PURPLE, marker="s"),
    "zero_window": Look("zero window", VERMILLION, marker="x"),
}
OVERVIEW_LOOKS = {
    "packets": Look("TCP packets", SKY),
    "connections": Look("connections begun", GREEN),
    "failed": Look("of them refused or unanswered", ORANGE),
    "rsts": Look("RSTs", VERMILLION),
    "resent": Look("retransmitted segments", PURPLE),
    "zero_windows": Look("zero windows", BLUE),
}
