"""Prompts: two reviews that ask for observations and the packets that show them."""

from mcp.server.mcpserver.prompts import Prompt

__all__ = ["prompts"]

WAY = (
    "State what is seen, each statement with its numbers (a rate with what it is a share of), the connections and "
    "frame numbers that show it, and a display filter to look them up. Do not name causes: neither devices nor "
    "intentions are in a capture. Where it cannot show something (null, not captured, inferred roles, a capture that "
    "is cut off or lacks packets), say that it is not known. End with what else would have to be captured or asked."
)


def review_tcp_connections(pcap_file: str) -> str:
    """Ask for a review of how connections began, went and ended."""
    return (
        f"Review the TCP connections in the capture {pcap_file}.\n\n"
        "1. get_capture_facts: when it was captured and what limits it.\n"
        "2. analyze_tcp_anomalies: handshakes, endings and patterns; analyze_tcp_connections: the connections.\n"
        "3. analyze_traffic_flow for each server with most connections: both directions compared.\n"
        "4. get_packets for each pattern you report, and for one connection of each kind; dissect_packet where a "
        f"single packet matters.\n\n{WAY}"
    )


def review_resets_and_retransmissions(pcap_file: str) -> str:
    """Ask for a review of RSTs and of segments sent again."""
    return (
        f"Review RSTs and segments sent again in the capture {pcap_file}.\n\n"
        "1. get_capture_facts: when it was captured and what limits it.\n"
        "2. analyze_tcp_anomalies: who sent RSTs, in which direction, at which point of a connection; which "
        "patterns of category connection_termination and reliability are there.\n"
        "3. analyze_tcp_retransmissions: how much was sent again, in which connections, and how that compares with "
        "the count by Wireshark's rules.\n"
        "4. get_packets for packet_retransmission, for the patterns about RSTs, and for the connections with the "
        f"highest rates; draw_chart shows RSTs by phase and resends by time.\n\n{WAY}"
    )


def prompts() -> list[Prompt]:
    """Make the prompts.

    Returns
    -------
    list of Prompt
        To be registered.
    """
    return [
        Prompt.from_function(review_tcp_connections, title="Review TCP connections"),
        Prompt.from_function(review_resets_and_retransmissions, title="Review resets and retransmissions"),
    ]
