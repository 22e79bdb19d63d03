"""The commands and their options. Each loads what it needs when it runs: ``--help`` answers at once."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias, TypeVar

import click

import pcapframe
from pcapframe.cli.output import STDOUT, OutputClosed, check_writable, exit_status, json_text, say, write
from pcapframe.schema import CONNECTIONS, PACKETS, names

if TYPE_CHECKING:
    from pcapframe.analysis import Analysis

__all__ = ["main"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Captures: TypeAlias = tuple[Any, ...]  # files, RemoteCaptures

ALLOWED_HOSTS = "pcapframe.allowed_hosts"  # in the context's meta

LISTED = 100  # connections in JSON
ROWS = 20  # of the table of connections
FIRST_NOTEBOOK = "0_first_steps.ipynb"  # of a workshop
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    gc.disable()  # one command, then the process ends: looking for cycles would only slow the imports
    status = exit_status(lambda: commands.main(prog_name="pcapframe", standalone_mode=False))
    gc.freeze()  # and at the end
    sys.exit(status)


def _show_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"pcapframe {pcapframe.__version__}")
        ctx.exit()


def _thresholds(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Split NAME=VALUE."""
    found = {}
    for value in values:
        name, _, number = value.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE with a number as its value") from None
    return found


def _columns(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str] | None:
    """Split and check names of columns."""
    if value is None:
        return None
    found = [name.strip() for name in value.split(",")]
    unknown = [name for name in found if name not in names(PACKETS)]
    if unknown:
        raise click.BadParameter(f"no such column: {', '.join(unknown)}; there are {', '.join(names(PACKETS))}")
    return found


def _sort_column(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Check the column to sort by."""
    known = names(CONNECTIONS)
    sums = [name.removeprefix("client_") for name in known if f"server_{name.removeprefix('client_')}" in known]
    if value is not None and value not in known and value not in sums:
        raise click.BadParameter(f"no such column: {value}; there are {', '.join([*known, *sums])}")
    return value


def _frames(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[tuple[int, int]]:
    """Split A-B."""
    found = []
    for value in values:
        first, dash, last = value.partition("-")
        if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
            raise click.BadParameter(f"{value!r} is not a frame number or two with - between them, such as 10-20")
        pair = int(first), int(last if dash else first)
        if pair[1] < pair[0]:
            raise click.BadParameter(f"{value!r} ends before it begins")
        found.append(pair)
    return found


def _options(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Join options to one decorator."""

    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _keep_hosts(ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> None:
    ctx.meta[ALLOWED_HOSTS] = values


def _remote(ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> Captures:
    """Tell URLs from files, and give them what is allowed."""
    if not any("://" in value for value in values):
        return values
    from pcapframe.capture.remote import RemoteCapture, is_url  # noqa: PLC0415

    hosts = ctx.meta.get(ALLOWED_HOSTS, ())
    return tuple(RemoteCapture(value, allow_hosts=hosts) if is_url(value) else value for value in values)


# Eager: what is allowed is known when the captures are looked at.
allow_host = click.option(
    "--allow-host", multiple=True, metavar="HOST", is_eager=True, expose_value=False, callback=_keep_hosts,
    help="Fetch URLs from this host although its addresses are not public. May be repeated.",
)  # fmt: skip
captures = _options(
    click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...", callback=_remote),
    allow_host,
)
port = click.option(
    "--server-port", type=click.IntRange(0, 65535), metavar="PORT", help="Only connections to this port."
)
server = _options(
    click.option("--server-ip", metavar="ADDRESS", help="Only connections to this server, IPv4 or IPv6."),
    port,
)
times = _options(
    click.option("--start", metavar="TIME", help="Only connections not over before this time (ISO 8601, UTC)."),
    click.option("--end", metavar="TIME", help="Only connections begun by this time."),
)
threshold = click.option(
    "--threshold", "thresholds", multiple=True, callback=_thresholds, metavar="NAME=VALUE",
    help="Set when a pattern is reported; see `pcapframe thresholds`. May be repeated.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON: the same answer as in Python.")
output = click.option("-o", "--output", default=STDOUT, metavar="FILE", help="Write to a file instead of printing.")
frame_files = _options(
    click.option("--csv", metavar="FILE", help="Write CSV to a file, or to standard output (-)."),
    click.option("--parquet", metavar="FILE", help="Write Parquet to a file, or to standard output (-)."),
)


def _limit(default: int | None, what: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--limit",
        type=click.IntRange(0),
        metavar="N",
        default=default,
        show_default=default is not None,
        help=what,
    )


class Commands(click.Group):
    """Tells apart what click alone gives the status of a bad capture: a reader that has gone."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise OutputClosed from None


@click.group(cls=Commands, context_settings=SETTINGS)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show the version and exit.",
)  # fmt: skip
def commands() -> None:
    """Packet captures: TCP connections, and what is observed in them.

    CAPTURE is a pcap or pcapng file, compressed or not, its URL (http, https), or - for standard input; several
    are read as one, merged by time. What is seen is stated with the packets that show it, and never why it is so.

    \b
    Examples:
      pcapframe analyze capture.pcap
      pcapframe analyze capture.pcap --server-ip 192.0.2.1 --server-port 443 --json
      tcpdump -i eth0 -c 1000 -w - tcp | pcapframe analyze -
      pcapframe connections capture.pcap --sort resent_segments

    \b
    Exit status: 0 done, 1 the capture cannot be read, 2 the command line cannot be meant.
    """  # noqa: D301


@commands.command()
@captures
@server
@times
@threshold
@as_json
@_limit(LISTED, "Entries of each list in JSON.")
@output
def analyze(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float],
    as_json: bool,
    limit: int,
    output: str,
) -> None:
    """Report connections, RSTs, retransmissions and patterns.

    \b
    Examples:
      pcapframe analyze capture.pcap
      pcapframe analyze monday.pcapng.gz tuesday.pcapng.gz --server-port 443
      pcapframe analyze capture.pcap --start 2026-01-31T12:00 --end 2026-01-31T12:05
      pcapframe analyze capture.pcap --threshold packet_retransmission.rate=0.01
      pcapframe analyze capture.pcap --json --output answer.json
    """  # noqa: D301  # click's \b
    check_writable(output)
    analysis = _analyze(captures, server_ip, server_port, start, end, thresholds)
    if as_json:
        write(json_text(pcapframe.analyze_tcp_anomalies(analysis, limit=limit)), output)
        return
    from pcapframe.cli import text  # noqa: PLC0415  # loads rich

    text.show(analysis, output)


@commands.command()
@captures
@click.option("--server-ip", metavar="ADDRESS", help="Only connections to this server, IPv4 or IPv6.")
@times
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="RATE",
    default=0.02,
    show_default=True,
    help="Rate to compare with.",
)
@as_json
@_limit(10, "Connections, those with the highest rates.")
@output
def retransmissions(
    captures: Captures,
    server_ip: str | None,
    start: str | None,
    end: str | None,
    threshold: float,
    as_json: bool,
    limit: int,
    output: str,
) -> None:
    """Report segments sent again, in total and by connection.

    \b
    Examples:
      pcapframe retransmissions capture.pcap
      pcapframe retransmissions capture.pcap --server-ip 2001:db8::1 --threshold 0.01
      pcapframe retransmissions capture.pcap --json
    """  # noqa: D301
    check_writable(output)
    analysis = _analyze(captures, server_ip, None, start, end)
    answer = pcapframe.analyze_tcp_retransmissions(analysis, threshold=threshold, limit=limit)
    if as_json:
        write(json_text(answer), output)
        return
    from pcapframe.cli import text  # noqa: PLC0415

    text.show(text.retransmissions_text(answer, analysis), output)


@commands.command()
@captures
@click.option("--server-ip", required=True, metavar="ADDRESS", help="The server, IPv4 or IPv6.")
@port
@times
@as_json
@output
def flow(
    captures: Captures,
    server_ip: str,
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
    """  # noqa: D301
    check_writable(output)
    analysis = _analyze(captures, server_ip, server_port, start, end)
    answer = pcapframe.analyze_traffic_flow(analysis, server_ip, server_port)
    if as_json:
        write(json_text(answer), output)
        return
    from pcapframe.cli import text  # noqa: PLC0415

    text.show(text.flow_text(answer, analysis), output)


@commands.command()
@captures
@server
@times
@click.option("--sort", metavar="COLUMN", callback=_sort_column, help="Sort by a column, numbers from the largest.")
@click.option("--reverse", is_flag=True, help="Sort the other way round.")
@_limit(None, f"Rows; {ROWS} in the table, all in files, by default.")
@frame_files
@as_json
@click.option("--detailed", is_flag=True, help="In JSON: up to --limit connections (100) instead of ten.")
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
    """List the connections, one a row.

    Columns to sort by are those of the connections frame; a name that both sides have, such as packets or
    resent_segments, is their sum.

    \b
    Examples:
      pcapframe connections capture.pcap --sort duration_s --limit 50
      pcapframe connections capture.pcap --server-port 443 --csv connections.csv
      pcapframe connections capture.pcap --csv - | head
      pcapframe connections capture.pcap --json --detailed
    """  # noqa: D301
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = _analyze(captures, server_ip, server_port, start, end)
    if as_json:
        listed = LISTED if limit is None else limit
        write(json_text(pcapframe.analyze_tcp_connections(analysis, detailed=detailed, limit=listed)), output)
        return
    from pcapframe.cli import export, text  # noqa: PLC0415

    found = analysis.connections
    if sort is not None:
        found = export.sort_connections(found, sort, reverse=reverse)
    if csv is None and parquet is None:
        text.show(text.connections_text(analysis, found, limit=ROWS if limit is None else limit), output)
        return
    _write_frame(found.iloc[:limit], csv, parquet)


@commands.command()
@captures
@server
@times
@_limit(None, f"Rows, the first; {ROWS} in the table, all in files, by default.")
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
    """List the segments sent again, one a row: their first copy, the delay, and what shows it.

    The rule that decided is seen_before (bytes of it were seen), else the segment fills a gap and was sent after
    the one that opened it, by identification, by timestamp, or since it came a round_trip later.

    \b
    Examples:
      pcapframe resends capture.pcap
      pcapframe resends capture.pcap --server-ip 192.0.2.1 --limit 50
      pcapframe resends capture.pcap --csv resends.csv
    """  # noqa: D301
    for path in (output, csv, parquet):
        check_writable(path)
    analysis = _analyze(captures, server_ip, server_port, start, end)
    found = pcapframe.resends(analysis)
    if csv is not None or parquet is not None:
        _write_frame(found.iloc[:limit], csv, parquet)
        return
    from pcapframe.cli import text  # noqa: PLC0415

    text.show(text.resends_text(analysis, found, limit=ROWS if limit is None else limit), output)


@commands.command()
@captures
@click.option("--columns", callback=_columns, metavar="NAMES", help="Columns, with commas between them.")
@_limit(None, "Rows, the first; all by default.")
@frame_files
def packets(
    captures: Captures, columns: list[str] | None, limit: int | None, csv: str | None, parquet: str | None
) -> None:
    """Write the packets, one a row, as CSV or Parquet.

    Without --csv and --parquet, CSV goes to standard output.

    \b
    Examples:
      pcapframe packets capture.pcap --limit 10
      pcapframe packets capture.pcap --columns time,src,dst,wire_bytes --csv packets.csv
      pcapframe packets capture.pcap --parquet packets.parquet
    """  # noqa: D301
    for path in (csv, parquet):
        check_writable(path)
    frame = pcapframe.read_pcap(_sources(captures), progress=_progress())
    if columns is not None:
        frame = frame[columns]
    _write_frame(frame.iloc[:limit], STDOUT if csv is None and parquet is None else csv, parquet)


@commands.command()
@captures
@as_json
@output
def info(captures: Captures, as_json: bool, output: str) -> None:
    """State what a capture can and cannot support, and the facts about it.

    The facts are its format, times, protocols, interfaces and comments, and what could not be read of it.

    \b
    Examples:
      pcapframe info capture.pcapng
      pcapframe info capture.pcapng --json
    """  # noqa: D301
    check_writable(output)
    analysis = _analyze(captures, None, None, None, None)
    protocols = analysis.packets["protocol"].value_counts()
    counts = {str(name): int(count) for name, count in protocols.items() if count}
    if as_json:
        facts = {"health": analysis.health.to_dict(), **asdict(analysis.capture), "protocols": counts}
        write(json_text(facts), output)
        return
    from pcapframe.cli import text  # noqa: PLC0415

    text.show(text.info_text(analysis, counts), output)


@commands.command()
@captures
@click.option("-o", "--output", "folder", required=True, metavar="DIR", help="Folder for the reports; made if missing.")
@server
@times
@threshold
@click.option("--title", metavar="TEXT", help="Heading of the report; the capture's name by default.")
@click.option("--ipynb", "keep_notebook", is_flag=True, help="Also write each executed notebook.")
def report(
    captures: Captures,
    folder: str,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float],
    title: str | None,
    keep_notebook: bool,
) -> None:
    """Write one HTML report a capture, and an index of several.

    Each report is one file with its charts inside. A capture that cannot be read is stated in the index, does not
    stop the others, and makes the exit status 1. Needs the extra: pip install "pcapframe[report]".

    \b
    Examples:
      pcapframe report capture.pcap -o reports
      pcapframe report *.pcapng.gz -o reports --server-port 443 --title "Incident of 31 January"
      pcapframe report capture.pcap -o reports --threshold packet_retransmission.rate=0.01 --ipynb
    """  # noqa: D301
    if STDOUT in captures:
        raise click.UsageError("a report is made from files, not from standard input (-)")
    from tqdm import tqdm  # noqa: PLC0415

    try:
        from pcapframe.report import write_reports  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(str(error)) from None
    given = {"server_ip": server_ip, "server_port": server_port, "start": start, "end": end, "title": title}
    parameters = {**given, "thresholds": thresholds or None}
    with tqdm(total=len(captures), unit="report", leave=False, disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, _total: int, name: str) -> None:
            bar.set_description(name, refresh=False)
            bar.update(done - bar.n)

        results = write_reports(captures, folder, parameters=parameters, keep_notebook=keep_notebook, progress=progress)
    lines = [str(result.page) if result.page else f"no report of {result.name}" for result in results]
    if len(results) > 1:
        lines.append(str(Path(folder) / "index.html"))
    write("\n".join(lines), STDOUT)
    for result in results:
        if result.problem is not None:
            say(f"{result.name}: {result.problem}")
    if not all(result.readable for result in results):
        raise click.exceptions.Exit(1)


@commands.command()
@click.argument("folder", metavar="DIR")
@click.option("--lab", is_flag=True, help="Start JupyterLab in DIR.")
@click.argument("lab_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- LAB-OPTIONS...]")
def workshop(folder: str, lab: bool, lab_options: tuple[str, ...]) -> None:
    """Lay out guided incident reviews: notebooks with questions, and captures.

    DIR gets the notebooks, their captures, and the answers with a page for whoever runs the workshop; it is made where
    it is missing. A file that was changed is never written over: it is named, and the exit status is 1, unless
    JupyterLab is started. --lab needs the extra: pip install "pcapframe[workshop]". What follows -- goes to JupyterLab.

    \b
    Examples:
      pcapframe workshop reviews
      pcapframe workshop reviews --lab
      pcapframe workshop reviews --lab -- --no-browser --port 9999
    """  # noqa: D301
    if lab_options and not lab:
        raise click.UsageError("options for JupyterLab need --lab")
    if lab and find_spec("jupyterlab") is None:
        raise click.ClickException('--lab needs jupyterlab: pip install "pcapframe[workshop]"')
    from pcapframe.workshop import lay_out  # noqa: PLC0415

    laid = lay_out(folder)
    write("\n".join(f"{file.outcome:9}  {file.path}" for file in laid), STDOUT)
    kept = sum(file.outcome == "kept" for file in laid)
    if kept:
        say(f"{kept} of {len(laid)} files were changed and are left as they are; move one away to have it anew")
    if lab:
        sys.stdout.flush()
        raise click.exceptions.Exit(_start_lab(folder, lab_options))
    if kept:
        raise click.exceptions.Exit(1)


def _start_lab(folder: str, options: tuple[str, ...]) -> int:
    """Run JupyterLab until it ends, and return its exit status; it handles interrupts itself."""
    first = f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}"
    command = [sys.executable, "-m", "jupyterlab", first, *options]
    with subprocess.Popen(command, cwd=folder) as process:
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        }
        try:
            status = process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return status if status >= 0 else 128 - status


@commands.command()
@captures
@click.option(
    "-o", "--output", "target", required=True, metavar="OUT", help="The new capture: its name ends in .pcap or .pcapng."
)
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
    """Write packets of a capture as a smaller one, bytes and times unchanged.

    Connections are taken whole: all their packets. What every given option selects is written; without
    any, every packet.

    \b
    Examples:
      pcapframe extract capture.pcap -o server.pcap --server-ip 192.0.2.1 --server-port 443
      pcapframe extract capture.pcapng.gz -o refused.pcapng --pattern refused_connections
      pcapframe extract capture.pcap -o two.pcap --conn-id 3 --conn-id 17
      pcapframe extract capture.pcap -o around.pcap --frames 1200-1300
    """  # noqa: D301
    if STDOUT in captures:
        raise click.UsageError("packets are read twice: expected files, not standard input (-)")
    check_writable(target)
    from pcapframe.cli import export  # noqa: PLC0415

    by_connection = (pattern, server_ip, server_port, start, end)
    if not conn_ids and all(option is None for option in by_connection):
        packets = pcapframe.read_pcap(_sources(captures), progress=_progress())
    else:
        analysis = _analyze(captures, server_ip, server_port, start, end)
        packets = export.packets_of(analysis, pattern=pattern, conn_ids=conn_ids)
    chosen = export.within(packets, frames) if frames else packets
    if not len(chosen):
        raise click.UsageError("these options select no packet: nothing was written")
    count = pcapframe.write_pcap(chosen, target, source=_sources(captures))
    write(f"{target}: {count:,} of {pcapframe.capture_info(packets).packets:,} packets", STDOUT)


@commands.command()
@click.argument("capture", metavar="CAPTURE")
@click.option("--csv", metavar="FILE", help="Write the frames that differ as CSV to a file, or to standard output (-).")
@output
def check(capture: str, csv: str | None, output: str) -> None:
    """Compare the labels of a capture with those of tshark, where it is installed.

    The table counts the segments that both, only one or neither give a label.

    \b
    Examples:
      pcapframe check capture.pcap
      pcapframe check capture.pcap --csv differing.csv
    """  # noqa: D301
    from pcapframe.check import check_labels  # noqa: PLC0415

    check_writable(output)
    checked = check_labels(capture)
    if csv is not None:
        write(checked.differing.to_csv().removesuffix("\n"), csv)
    if csv != STDOUT:
        from pcapframe.cli import text  # noqa: PLC0415

        text.show(checked, output)


@commands.command()
@click.option(
    "--root", "roots", multiple=True, type=click.Path(path_type=Path), metavar="FOLDER",
    help="Folder whose captures may be read; the working directory by default. May be repeated.",
)  # fmt: skip
@allow_host
@click.option("--cache-mib", type=click.IntRange(0), default=2048, show_default=True, metavar="MIB",
              help="Memory that kept analyses may take.")  # fmt: skip
@click.option("--http", "over_http", is_flag=True, help="Serve over streamable HTTP, at /mcp, instead of stdio.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen for HTTP.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, metavar="PORT",
              help="Port for HTTP; 0 for any that is free.")  # fmt: skip
@click.pass_context
def mcp(ctx: click.Context, roots: tuple[Path, ...], cache_mib: int, over_http: bool, host: str, port: int) -> None:
    """Serve assistants over the Model Context Protocol.

    Tools answer as the commands here do. Clients over HTTP have to show the bearer token that the environment
    variable PCAPFRAME_MCP_TOKEN holds; without one only this machine can be listened to.

    \b
    Examples:
      pcapframe mcp --root captures
      PCAPFRAME_MCP_TOKEN=secret pcapframe mcp --http --port 8080
    """  # noqa: D301
    try:
        from pcapframe import mcp_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in (
            "mcp",
            "mcp_types",
            "uvicorn",
            "pydantic",
            "matplotlib",
        ):
            raise
        raise click.UsageError("the MCP server needs more packages: pip install 'pcapframe[mcp]'") from None
    settings = mcp_server.Settings(roots or (Path(),), ctx.meta[ALLOWED_HOSTS], cache_mib << 20)
    gc.enable()  # it may serve for long
    if over_http:
        mcp_server.serve_http(settings, host=host, port=port, token=os.environ.get("PCAPFRAME_MCP_TOKEN"))
    else:
        mcp_server.serve_stdio(settings)


@commands.command()
@as_json
def thresholds(as_json: bool) -> None:
    """List the thresholds of the patterns.

    Each can be set by `pcapframe analyze --threshold NAME=VALUE`; the values here are the defaults.

    \b
    Examples:
      pcapframe thresholds
      pcapframe analyze capture.pcap --threshold long_idle_gaps.min_idle_s=60
    """  # noqa: D301
    defaults = pcapframe.Thresholds().to_dict()
    width = max(len(name) for name in defaults)
    lines = [f"{name:{width}}  {value:g}" for name, value in defaults.items()]
    write(json_text(defaults) if as_json else "\n".join(lines), STDOUT)


def _analyze(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float] | None = None,
) -> "Analysis":
    """Analyse the captures of a command line."""
    return pcapframe.analyze(
        _sources(captures),
        server_ip=server_ip,
        server_port=server_port,
        start=start,
        end=end,
        thresholds=pcapframe.Thresholds().with_values(thresholds or {}),
        progress=_progress(),
    )


def _sources(captures: Captures) -> Any:
    """Return what to read, and refuse standard input that nobody fills."""
    if captures.count(STDOUT) > 1:
        raise click.UsageError("standard input (-) can be read once only")
    if STDOUT in captures and sys.stdin.isatty():
        raise click.UsageError("standard input (-) is a terminal: expected a capture, as in tcpdump -w - | …")
    return captures[0] if len(captures) == 1 else list(captures)


def _progress() -> Literal[False] | None:
    """Show a bar in a terminal only."""
    return None if sys.stderr.isatty() else False


def _write_frame(frame: Any, csv: str | None, parquet: str | None) -> None:
    """Write a frame to the files asked for."""
    from pcapframe.cli import export  # noqa: PLC0415

    if csv == STDOUT and parquet == STDOUT:
        raise click.UsageError("standard output can take CSV or Parquet, not both")
    if csv is not None:
        export.write_csv(frame, csv)
    if parquet is not None:
        export.write_parquet(frame, parquet)
