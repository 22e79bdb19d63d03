"""Commands that list rows of a frame, or write them as files or as a smaller capture."""

from typing import Any

import click

import pcapframe
from pcapframe.cli.captures import analyze_captures, decode_as, progress, server_name, sources
from pcapframe.cli.options import Captures, as_json, captures, frame_files, limit_option, output, server, times
from pcapframe.cli.output import STDOUT, check_writable, json_text, write
from pcapframe.wording import counted, nearest, printable

__all__ = ["connections", "extract", "packets", "resends", "rsts"]

LISTED = 100  # connections in JSON
ROWS = 20  # of a table


def _columns(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str] | None:
    """Split and check names of columns."""
    if value is None:
        return None
    from pcapframe.schema import PACKETS, names

    found = [name.strip() for name in value.split(",")]
    unknown = [name for name in found if name not in names(PACKETS)]
    if unknown:
        raise click.BadParameter(_no_column(unknown[0], names(PACKETS)))
    return found


def _no_column(name: str, known: list[str]) -> str:
    """Say that there is no such column, and which are similar; all of them where none is."""
    every = ", ".join(known)
    return f"no such column as {name!r}{nearest(name, known) or f'; there are {every}'}"


def _sort_column(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Check the column to sort by."""
    if value is None:
        return None
    from pcapframe.schema import CONNECTIONS, names

    known = names(CONNECTIONS)
    sums = [name.removeprefix("client_") for name in known if f"server_{name.removeprefix('client_')}" in known]
    if value not in known and value not in sums:
        raise click.BadParameter(_no_column(value, [*known, *sums]))
    return value


def _frames(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[tuple[int, int]]:
    """Split A-B."""
    found = []
    for value in values:
        first, dash, last = value.partition("-")
        if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
            raise click.BadParameter(f"{value!r} is not a frame number or a range such as 10-20")
        pair = int(first), int(last if dash else first)
        if pair[1] < pair[0]:
            raise click.BadParameter(f"{value!r} ends before it begins")
        found.append(pair)
    return found


def write_frame(frame: Any, csv: str | None, parquet: str | None) -> None:
    """Write a frame to the files named in the options."""
    from pcapframe.cli import export

    if csv == STDOUT and parquet == STDOUT:
        raise click.UsageError("standard output can take CSV or Parquet, not both")
    if csv is not None:
        export.write_csv(frame, csv)
    if parquet is not None:
        export.write_parquet(frame, parquet)


@click.command()
@captures
@server
@times
@click.option("--sort", metavar="COLUMN", callback=_sort_column, help="Sort by a column, numbers in descending order.")
@click.option("--reverse", is_flag=True, help="Reverse the order.")
@limit_option(None, f"Rows to list; by default {ROWS} in the table, all in files.")
@frame_files
@as_json
@click.option("--detailed", is_flag=True, help="In JSON, list up to --limit connections (100) instead of ten.")
@output
def connections(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    sort: str | None,
    reverse: bool,
    limit: int | None,
    csv: str | None,
    parquet: str | None,
    as_json: bool,
    detailed: bool,
    output: str,
) -> None:
    """List the connections, one per row.

    Sort by any column of the connections frame. For columns that both sides have, the name without client_ or server_,
    such as packets or resent_segments, sorts by their sum.

    \b
    Examples:
      pcapframe connections capture.pcap --sort duration_s --limit 50
      pcapframe connections capture.pcap --server-port 443 --csv connections.csv
      pcapframe connections capture.pcap --csv - | head
      pcapframe connections capture.pcap --json --detailed
    """
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = analyze_captures(captures, server_ip, server_port, start, end)
    if as_json:
        listed = LISTED if limit is None else limit
        write(json_text(pcapframe.analyze_tcp_connections(analysis, detailed=detailed, limit=listed)), output)
        return
    from pcapframe.cli import export
    from pcapframe.cli.frame_text import connections_text
    from pcapframe.cli.terminal import show

    found = analysis.connections
    if sort is not None:
        found = export.sort_connections(found, sort, reverse=reverse)
    if csv is None and parquet is None:
        rows = ROWS if limit is None else limit
        show(connections_text(analysis, found, limit=rows, sort=sort), output)
        return
    write_frame(found.iloc[:limit], csv, parquet)


@click.command()
@captures
@server
@times
@limit_option(None, f"Rows to list; by default {ROWS} in the table, all in files.")
@frame_files
@output
def resends(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    limit: int | None,
    csv: str | None,
    parquet: str | None,
    output: str,
) -> None:
    """List the retransmitted segments, one per row.

    Each row has the segment's first copy, the delay between the two, and the rule that decided. seen_before: some of
    its bytes were captured before. acknowledged_before: they were acknowledged before, and no copy of them was
    captured. The other rules apply to a segment that fills a gap and was sent after the segment
    that opened it, as shown by its IP identification, its timestamp, a newer acknowledgement or echo, or a delay of
    more than a round_trip.

    \b
    Examples:
      pcapframe resends capture.pcap
      pcapframe resends capture.pcap --server-ip 192.0.2.1 --limit 50
      pcapframe resends capture.pcap --csv resends.csv
    """
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = analyze_captures(captures, server_ip, server_port, start, end)
    found = pcapframe.resends(analysis)
    if csv is not None or parquet is not None:
        write_frame(found.iloc[:limit], csv, parquet)
        return
    from pcapframe.cli.frame_text import resends_text
    from pcapframe.cli.terminal import show

    show(resends_text(analysis, found, limit=ROWS if limit is None else limit), output)


@click.command()
@captures
@server
@times
@limit_option(None, f"Rows to list; by default {ROWS} in the table, all in files.")
@frame_files
@output
def rsts(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    limit: int | None,
    csv: str | None,
    parquet: str | None,
    output: str,
) -> None:
    """List the RSTs beside the packets around them, one per row.

    Each row has the sequence number beside the one that the receiver expects, the packet that the RST answers with the
    delay in round trips, the hop limit and IP identification beside those of the other packets of its side, and
    whether the RST ended the connection. Files have all columns. Nothing here says who sent a RST.

    \b
    Examples:
      pcapframe rsts capture.pcap
      pcapframe rsts capture.pcap --server-ip 192.0.2.1 --limit 50
      pcapframe rsts capture.pcap --csv rsts.csv
    """
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = analyze_captures(captures, server_ip, server_port, start, end)
    found = pcapframe.rst_evidence(analysis)
    if csv is not None or parquet is not None:
        write_frame(found.iloc[:limit], csv, parquet)
        return
    from pcapframe.cli.frame_text import rsts_text
    from pcapframe.cli.terminal import show

    show(rsts_text(analysis, found, limit=ROWS if limit is None else limit), output)


@click.command()
@captures
@click.option("--columns", callback=_columns, metavar="NAMES", help="Columns, separated by commas.")
@limit_option(None, "Rows to write; all by default.")
@frame_files
def packets(
    captures: Captures, columns: list[str] | None, limit: int | None, csv: str | None, parquet: str | None
) -> None:
    """Write the packets, one per row, as CSV or Parquet.

    Without --csv and --parquet, CSV goes to standard output.

    \b
    Examples:
      pcapframe packets capture.pcap --limit 10
      pcapframe packets capture.pcap --columns time,src,dst,wire_bytes --csv packets.csv
      pcapframe packets capture.pcap --parquet packets.parquet
    """
    for path in (csv, parquet):
        check_writable(path)
    frame = pcapframe.read_pcap(sources(captures), decode_as=decode_as(), progress=progress())
    if columns is not None:
        frame = frame[columns]
    write_frame(frame.iloc[:limit], STDOUT if csv is None and parquet is None else csv, parquet)


@click.command()
@captures
@click.option("-o", "--output", "target", required=True, metavar="OUT", help="The new capture, named .pcap or .pcapng.")
@server
@times
@click.option("--pattern", metavar="NAME", help="Only connections that show this pattern.")
@click.option("--conn-id", "conn_ids", multiple=True, type=click.IntRange(0), metavar="N",
              help="Only this connection. May be repeated.")  # fmt: skip
@click.option("--frames", multiple=True, callback=_frames, metavar="A-B",
              help="Only these frames, of any protocol. May be repeated.")  # fmt: skip
def extract(
    captures: Captures,
    target: str,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    pattern: str | None,
    conn_ids: tuple[int, ...],
    frames: list[tuple[int, int]],
) -> None:
    """Write selected packets to a smaller capture.

    Bytes and times are unchanged. An option that selects connections selects all their packets. With several options,
    only packets that all of them select are written; without any, every packet. Packets without a valid time cannot
    be written: select the others with --frames.

    \b
    Examples:
      pcapframe extract capture.pcap -o server.pcap --server-ip 192.0.2.1 --server-port 443
      pcapframe extract capture.pcapng.gz -o refused.pcapng --pattern refused_connections
      pcapframe extract capture.pcap -o two.pcap --conn-id 3 --conn-id 17
      pcapframe extract capture.pcap -o around.pcap --frames 1200-1300
    """
    if STDOUT in captures:
        raise click.UsageError("extract reads the capture twice: expected files, not standard input (-)")
    check_writable(target)
    from pcapframe.cli import export

    by_connection = (pattern, server_ip, server_port, server_name(), start, end)
    if not conn_ids and all(option is None for option in by_connection):
        packets = pcapframe.read_pcap(sources(captures), decode_as=decode_as(), progress=progress())
    else:
        analysis = analyze_captures(captures, server_ip, server_port, start, end)
        packets = export.packets_of(analysis, pattern=pattern, conn_ids=conn_ids)
    chosen = export.within(packets, frames) if frames else packets
    if not len(chosen):
        raise click.UsageError("these options select no packet: nothing was written")
    count = pcapframe.write_pcap(chosen, target, source=sources(captures))
    write(f"{printable(target)}: {count:,} of {counted(pcapframe.capture_info(packets).packets, 'packet')}", STDOUT)
