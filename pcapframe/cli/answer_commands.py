"""Commands that report what is in a capture, as text or JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

import pcapframe
from pcapframe.cli.captures import analyze_captures, decode_as
from pcapframe.cli.options import (
    Captures,
    as_json,
    captures,
    cluster_option,
    decode_as_option,
    limit_option,
    output,
    port,
    server,
    server_name_option,
    threshold,
    times,
)
from pcapframe.cli.output import STDOUT, check_writable, json_text, write

if TYPE_CHECKING:
    from pcapframe.analysis import Analysis

__all__ = ["analyze", "check", "flow", "info", "retransmissions", "thresholds"]

LISTED = 100  # entries of each list in JSON


@click.command()
@captures
@server
@times
@threshold
@cluster_option
@click.option("--full", is_flag=True, help="Print all of it: health, tables and every pattern.")
@as_json
@limit_option(LISTED, "Entries in each list of the JSON.")
@output
def analyze(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float],
    full: bool,
    as_json: bool,
    limit: int,
    output: str,
) -> None:
    """Report what stands out, the most important event first.

    \b
    Examples:
      pcapframe analyze capture.pcap
      pcapframe analyze capture.pcap --full
      pcapframe analyze monday.pcapng.gz tuesday.pcapng.gz --server-port 443
      pcapframe analyze capture.pcap --start 2026-01-31T12:00 --end 2026-01-31T12:05
      pcapframe analyze capture.pcap --threshold packet_retransmission.rate=0.01
      pcapframe analyze capture.pcap --json --output answer.json
      pcapframe analyze 's3://captures/monday/*.pcap' --cluster tcp://192.0.2.1:8786
    """
    check_writable(output)
    analysis = analyze_captures(captures, server_ip, server_port, start, end, thresholds)
    if as_json:
        write(json_text(pcapframe.analyze_tcp_anomalies(analysis, limit=limit)), output)
        return
    from pcapframe.cli.terminal import show

    show(analysis if full else analysis.brief, output)


@click.command()
@captures
@click.option("--server-ip", metavar="ADDRESS", help="Only connections to this server, IPv4 or IPv6.")
@server_name_option
@times
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="RATE",
    help="Retransmission rate to compare with; default: packet_retransmission.rate of `pcapframe thresholds`.",
)
@as_json
@limit_option(10, "Connections to list, the highest rates first.")
@output
def retransmissions(
    captures: Captures,
    server_ip: str | None,
    start: str | None,
    end: str | None,
    threshold: float | None,
    as_json: bool,
    limit: int,
    output: str,
) -> None:
    """Report retransmissions, in total and by connection.

    \b
    Examples:
      pcapframe retransmissions capture.pcap
      pcapframe retransmissions capture.pcap --server-ip 2001:db8::1 --threshold 0.01
      pcapframe retransmissions capture.pcap --json
    """
    check_writable(output)
    analysis = analyze_captures(captures, server_ip, None, start, end)
    answer = pcapframe.analyze_tcp_retransmissions(analysis, threshold=threshold, limit=limit)
    if as_json:
        write(json_text(answer), output)
        return
    from pcapframe.cli.answer_text import retransmissions_text
    from pcapframe.cli.terminal import show

    show(retransmissions_text(answer, analysis), output)


@click.command()
@captures
@click.option("--server-ip", metavar="ADDRESS", help="The server, IPv4 or IPv6; without it the servers are listed.")
@port
@server_name_option
@times
@as_json
@output
def flow(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    as_json: bool,
    output: str,
) -> None:
    """Compare what a server sent with what its clients sent.

    \b
    Examples:
      pcapframe flow capture.pcap --server-ip 192.0.2.1
      pcapframe flow capture.pcap --server-ip 192.0.2.1 --server-port 443 --json
    """
    check_writable(output)
    analysis = analyze_captures(captures, server_ip, server_port, start, end)
    if server_ip is None:
        _list_servers(analysis, as_json, output)
        return
    answer = pcapframe.analyze_traffic_flow(analysis, server_ip, server_port)
    if as_json:
        write(json_text(answer), output)
        return
    from pcapframe.cli.answer_text import flow_text
    from pcapframe.cli.terminal import show

    show(flow_text(answer, analysis), output)


def _list_servers(analysis: "Analysis", as_json: bool, output: str) -> None:
    """List the servers to choose from."""
    from pcapframe.cli.answer_text import count_servers, servers_text
    from pcapframe.cli.terminal import show

    servers = count_servers(analysis)
    if as_json:
        write(json_text({"servers": servers}), output)
    else:
        show(servers_text(analysis, servers), output)


@click.command()
@captures
@as_json
@output
def info(captures: Captures, as_json: bool, output: str) -> None:
    """Report what a capture can show, and facts about it.

    Lists the limitations of the capture, each with the packets that show it; then its format, times, protocols,
    interfaces and comments, and the parts that could not be read. A store without packets does not tell how many there
    are of each protocol and interface.

    \b
    Examples:
      pcapframe info capture.pcapng
      pcapframe info capture.pcapng --json
    """
    check_writable(output)
    analysis = analyze_captures(captures, None, None, None, None)
    packets = analysis.packets if analysis.keep == "packets" else None
    counts = None
    if packets is not None:
        protocols = packets["protocol"].value_counts()
        counts = {str(name): int(count) for name, count in protocols.items() if count}
    if as_json:
        from pcapframe.packets import count_by_interface

        facts = {"health": analysis.health.to_dict(), **asdict(analysis.capture), "protocols": counts}
        interfaces = analysis.capture.interfaces
        at_interfaces = [None] * len(interfaces) if packets is None else count_by_interface(packets)
        facts["interfaces"] = [
            {**each, "packets": count} for each, count in zip(facts["interfaces"], at_interfaces, strict=True)
        ]
        write(json_text(facts), output)
        return
    from pcapframe.cli.answer_text import info_text
    from pcapframe.cli.terminal import show

    show(info_text(analysis, counts), output)


@click.command()
@click.argument("capture", metavar="CAPTURE")
@decode_as_option
@click.option("--csv", metavar="FILE", help="Write the frames that differ to a CSV file, or to standard output (-).")
@output
def check(capture: str, csv: str | None, output: str) -> None:
    """Compare the labels of a capture with those of tshark.

    tshark must be installed. For each label, the table counts the segments to which both tools, only one of them, or
    neither give it.

    \b
    Examples:
      pcapframe check capture.pcap
      pcapframe check capture.pcap --csv differing.csv
    """
    from pcapframe.check import check_labels

    check_writable(output)
    checked = check_labels(capture, decode_as=decode_as())
    if csv is not None:
        write(checked.differing.to_csv().removesuffix("\n"), csv)
    if csv != STDOUT:
        from pcapframe.cli.terminal import show

        show(checked, output)


@click.command()
@as_json
def thresholds(as_json: bool) -> None:
    """List the thresholds of the patterns.

    The values shown are the defaults. Set one with `pcapframe analyze --threshold NAME=VALUE`.

    \b
    Examples:
      pcapframe thresholds
      pcapframe analyze capture.pcap --threshold long_idle_gaps.min_idle_s=60
    """
    defaults = pcapframe.Thresholds().to_dict()
    if as_json:
        write(json_text(defaults), STDOUT)
        return
    from pcapframe.cli.answer_text import thresholds_text
    from pcapframe.cli.terminal import show

    show(thresholds_text(defaults))
