"""Text output of the answer commands; ``analyze`` prints the `Analysis` itself."""

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from pcapframe.analysis import Analysis
from pcapframe.analysis.display import (
    RETRANSMITTED,
    capture_lines,
    facts,
    health_lines,
    reordering_rows,
    seen_count,
    table,
    wireshark_rows,
)
from pcapframe.answers import FlowAnswer, NoTcpAnswer, RetransmissionsAnswer
from pcapframe.answers.flow import QUALIFIED_FLOW
from pcapframe.cli.terminal import head, terminal_width
from pcapframe.naming import beside, names_by_end
from pcapframe.packets import count_by_interface
from pcapframe.patterns import threshold_meanings
from pcapframe.wording import counted, joined, percent

__all__ = ["count_servers", "flow_text", "info_text", "retransmissions_text", "servers_text", "thresholds_text"]

MOST_PORTS, SHOWN_PORTS = 100, 4  # of a server
MOST_SERVERS = 50  # listed in a terminal


def retransmissions_text(answer: RetransmissionsAnswer | NoTcpAnswer, analysis: Analysis) -> RenderableType:
    """Write the answer of ``analyze_tcp_retransmissions``.

    Parameters
    ----------
    answer : dict
        The answer.
    analysis : Analysis
        What it is made from.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if "by_connection" not in answer or analysis.message is not None:
        return Group(*head(analysis))
    health = analysis.health
    side = "above" if answer["exceeds_threshold"] else "not above"
    rate = percent(answer["retransmission_rate"])
    threshold = f"{side} the threshold of {percent(answer['threshold'])}"
    rate = {
        None: f" ({rate}, {threshold})",
        "at least": f"; rate at least {rate} (as captured, {threshold})",
        "unknown": f"; rate unknown ({rate} as captured, {threshold})",
    }[health.qualifier("retransmission_rate")]
    above = seen_count(answer["summary"]["connections_above_threshold"], health, "retransmission_rate")
    among = counted(answer["total_packets"], "TCP packet")
    total = seen_count(answer["total_retransmissions"], health, "retransmissions", among=among)
    among = counted(answer["by_connection_total"], "connection")
    connections = seen_count(answer["connections_with_retransmissions"], health, "retransmissions", among=among)
    rows = [
        (RETRANSMITTED, f"{total}{rate}"),
        ("connections", f"with retransmissions: {connections}; above the threshold: {above}"),
        *wireshark_rows(answer["wireshark_retransmissions"], answer["differences"], health, terminal_width()),
        *reordering_rows(answer["reordering"], health, terminal_width()),
    ]
    worst = table(("connection", RETRANSMITTED, "Wireshark", "packets", "rate"))
    listed = [row for row in answer["by_connection"] if row["retrans_count"]]
    names = names_by_end(analysis.connections) if listed else {}
    for row in listed:
        counts = (f"{row['retrans_count']:,}", f"{row['wireshark_count']:,}", f"{row['total_packets']:,}")
        called = names.get(row["connection"].rpartition(" ")[2], "")
        worst.add_row("", beside(row["connection"], called), *counts, percent(row["retrans_rate"]))
    blocks: list[RenderableType] = [Text(), worst] if listed else []
    if len(listed) < answer["connections_with_retransmissions"]:
        of = f"{len(listed):,} of {counted(answer['connections_with_retransmissions'], 'connection')}"
        blocks.append(Text(f"  {of} with retransmissions, see --limit", style="dim"))
    return Group(*head(analysis), facts(rows), *blocks)


def flow_text(answer: FlowAnswer | NoTcpAnswer, analysis: Analysis) -> RenderableType:
    """Write the answer of ``analyze_traffic_flow``.

    Parameters
    ----------
    answer : dict
        The answer.
    analysis : Analysis
        What it is made from.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if "client_to_server" not in answer or analysis.message is not None:
        return Group(*head(analysis))
    health = analysis.health
    ways = table(("", "client to server", "server to client"))
    names = {
        "packet_count": "packets",
        "byte_count": "bytes on the wire",
        "payload_bytes": "bytes of payload",
        "data_packets": "packets with payload",
        "syn_count": "SYN",
        "syn_ack_count": "SYN-ACK",
        "fin_count": "FIN",
        "rst_count": "RST",
        "retransmissions": "retransmitted segments",
        "wireshark_retransmissions": "retransmissions by Wireshark's rules",
    }
    for name, label in names.items():
        counts = (
            health.qualify(answer[way][name], *QUALIFIED_FLOW[f"{way}.{name}"])  # type: ignore[literal-required]
            for way in ("client_to_server", "server_to_client")
        )
        ways.add_row("", Text(label, style="dim"), *counts)
    compared = answer["analysis"]
    ratio = compared["asymmetry_ratio"]
    text = "unknown" if ratio is None else health.qualify(f"{ratio:.2f}", *QUALIFIED_FLOW["analysis.asymmetry_ratio"])
    connections = health.qualify_count(answer["total_connections"], "connection", "connections")
    any_port = analysis.selection.server_port is None
    server = answer["server"].removesuffix(":any").strip("[]") if any_port else answer["server"]
    called = names_by_end(analysis.connections, ports=not any_port).get(server, "")
    rows = [
        ("server", f"{beside(answer['server'], called)}, {connections}"),
        ("ratio", text if ratio is None else f"{text} client packets per server packet"),
    ]
    said = Padding(Text(compared["interpretation"]), (1, 0, 0, 2))
    return Group(*head(analysis), facts(rows), Text(), ways, said)


def info_text(analysis: Analysis, protocols: dict[str, int] | None) -> RenderableType:
    """Write what a capture can and cannot support, and the facts about it.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    protocols : dict or None
        Packets by protocol; None where the packets are not kept.

    Returns
    -------
    RenderableType
        For `show`.
    """
    capture = analysis.capture
    counts, at_interfaces = f"not known: packets are not kept (keep={analysis.keep})", [""] * len(capture.interfaces)
    if protocols is not None:
        counts = ", ".join(f"{name} {count:,}" for name, count in protocols.items()) or "none"
        at_interfaces = [counted(packets, "packet") for packets in count_by_interface(analysis.packets)]
    rows = [("protocols", counts)]
    if capture.snaplen is not None:
        rows.append(("snaplen", capture.facts()["snapshot length"]))
    for interface, packets in zip(capture.interfaces, at_interfaces, strict=True):
        counters = {name: interface.get(name) for name in ("received", "dropped")}
        known = [f"{count:,} {name}" for name, count in counters.items() if count is not None]
        named = interface.get("name") or interface.get("description") or "without a name"
        said = (str(named), str(interface.get("link_type")), packets, *known)
        rows.append(("interface", ", ".join(each for each in said if each)))
    for comment in capture.comments[:10]:
        of = "capture" if comment["frame"] is None else f"frame {comment['frame']}"
        rows.append(("comment", f"{of}: {comment['text']}"))
    if capture.comments_total > 10:
        rows.append(("", f"and {counted(capture.comments_total - 10, 'more comment')}"))
    health = health_lines(analysis.health, width=terminal_width())
    return Group(*capture_lines(capture), Text(), health, Text(), facts(rows))


def count_servers(analysis: Analysis) -> list[dict[str, Any]]:
    """Count the connections to each server address.

    Parameters
    ----------
    analysis : Analysis
        Its filter applies.

    Returns
    -------
    list of dict
        ``server``, ``ports`` (the first 100), ``connections`` and ``packets``, most connections first.
    """
    connections = analysis.connections
    packets = connections["client_packets"] + connections["server_packets"]
    by_server = connections.assign(packets=packets).groupby("server", observed=True)
    counts = by_server.agg(ports=("server_port", "unique"), connections=("client", "size"), packets=("packets", "sum"))
    ordered = counts.sort_values(["connections", "packets"], ascending=False, kind="stable")
    return [
        {
            "server": str(server),
            "ports": sorted(ports.tolist())[:MOST_PORTS],
            "connections": int(count),
            "packets": int(total),
        }
        for server, ports, count, total in ordered.itertuples(name=None)
    ]


def servers_text(analysis: Analysis, servers: list[dict[str, Any]]) -> RenderableType:
    """Write the servers to choose from.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    servers : list of dict
        From `count_servers`.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if not servers:
        return Group(*head(analysis))
    shown = servers[:MOST_SERVERS]
    names = names_by_end(analysis.connections, ports=False)
    rows = table(["server", "ports", "connections", "packets"], texts=2)
    for each in shown:
        ports = joined([str(port) for port in each["ports"][:SHOWN_PORTS]], len(each["ports"]))
        rows.add_row(
            "",
            beside(each["server"], names.get(each["server"], "")),
            ports,
            f"{each['connections']:,}",
            f"{each['packets']:,}",
        )
    of = counted(len(servers), "server") if len(shown) == len(servers) else f"{len(shown)} of {len(servers):,} servers"
    return Group(*head(analysis), rows, Text(f"\n{of}: choose one with --server-ip", style="dim"))


def thresholds_text(values: dict[str, float]) -> RenderableType:
    """Write the thresholds with their units and meaning.

    Parameters
    ----------
    values : dict
        By flat name.

    Returns
    -------
    RenderableType
        For `show`.
    """
    meanings = threshold_meanings()
    lines: list[RenderableType] = []
    for name, value in values.items():
        meaning, _, unit = meanings[name].rpartition(" [")
        lines.append(Text.assemble((name, "bold"), f"  {value:g} {unit.removesuffix(']')}".rstrip()))
        lines.append(Padding(Text(meaning or unit), (0, 0, 0, 4)))
    return Group(*lines)
