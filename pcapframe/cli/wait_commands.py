"""Commands that say who waited for whom: by request, by server, by client."""

from typing import Literal

import click

import pcapframe
from pcapframe.cli.captures import analyze_captures
from pcapframe.cli.frame_commands import write_frame
from pcapframe.cli.options import Captures, as_json, captures, frame_files, limit_option, output, server, times
from pcapframe.cli.output import check_writable, json_text, write

__all__ = ["turns", "waits"]

LISTED = 100  # rows in JSON
ROWS = 20  # of a table
LIMIT = f"Rows to list; by default {ROWS} in the table, {LISTED} in JSON, all in files."


@click.command()
@captures
@server
@times
@limit_option(None, LIMIT)
@frame_files
@as_json
@output
def turns(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    limit: int | None,
    csv: str | None,
    parquet: str | None,
    as_json: bool,
    output: str,
) -> None:
    """List requests with their responses, one per row.

    Each row has the frames, the bytes, how long the client waited before the request (wait), how long the request took
    (request), how long until the first segment of the response (service), and how long that took (response), beside
    the round trip from the capture point to the server. A turn overlaps if the client did not wait for the end of the
    response before; its times tell little.

    \b
    Examples:
      pcapframe turns capture.pcap --limit 50
      pcapframe turns capture.pcap --server-port 443 --csv turns.csv
      pcapframe turns capture.pcap --json
    """
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = analyze_captures(captures, server_ip, server_port, start, end)
    if as_json:
        from pcapframe.answers.waits import list_turns

        write(json_text(list_turns(analysis, limit=LISTED if limit is None else limit)), output)
        return
    found = pcapframe.turns(analysis)
    if csv is not None or parquet is not None:
        write_frame(found.iloc[:limit], csv, parquet)
        return
    from pcapframe.cli.terminal import show
    from pcapframe.cli.wait_text import turns_text

    show(turns_text(analysis, found, limit=ROWS if limit is None else limit), output)


@click.command()
@captures
@server
@times
@click.option("--by", type=click.Choice(["server", "client", "name"]), metavar="SIDE", default="server",
              show_default=True, help="One row per server (address and port), per client (address), or per name of a "
              "server: server, client or name.")  # fmt: skip
@limit_option(None, LIMIT)
@frame_files
@as_json
@output
def waits(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    by: Literal["server", "client", "name"],
    limit: int | None,
    csv: str | None,
    parquet: str | None,
    as_json: bool,
    output: str,
) -> None:
    """Sum up where the time went, by server, client or name.

    The durations of connections are the sum of five parts: handshake, the client's waiting before its requests, the
    server's until its responses begin (service), transfer, and other. Beside them are the service times of single
    turns, with how many there are, and the smallest round trip from the capture point to the server.

    \b
    Examples:
      pcapframe waits capture.pcap
      pcapframe waits capture.pcap --by client --limit 50
      pcapframe waits capture.pcap --by name
      pcapframe waits capture.pcap --csv waits.csv
    """
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = analyze_captures(captures, server_ip, server_port, start, end)
    if as_json:
        from pcapframe.answers.waits import list_waits

        write(json_text(list_waits(analysis, by=by, limit=LISTED if limit is None else limit)), output)
        return
    found = pcapframe.sum_waits(analysis, by=by)
    if csv is not None or parquet is not None:
        write_frame(found.iloc[:limit], csv, parquet)
        return
    from pcapframe.cli.terminal import show
    from pcapframe.cli.wait_text import waits_text

    show(waits_text(analysis, found, by=by, limit=ROWS if limit is None else limit), output)
