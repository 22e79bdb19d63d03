"""The commands and their options. Each loads what it needs when it runs: ``--help`` answers at once."""

import gc
import sys
from collections.abc import Callable
from dataclasses import asdict
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
Captures: TypeAlias = tuple[str, ...]

LISTED = 100  # connections in JSON
ROWS = 20  # of the table of connections
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    gc.disable()  # one command, then the process ends: looking for cycles would only slow the imports
    sys.exit(exit_status(lambda: commands.main(prog_name="pcapframe", standalone_mode=False)))


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


captures = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
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

    CAPTURE is a pcap or pcapng file, compressed or not, or - for standard input; several are read as one,
    merged by time. What is seen is stated with the packets that show it, and never why it is so.

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

    text.show(text.retransmissions_text(answer), output)


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

    text.show(text.flow_text(answer), output)


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
    """State the facts about a capture.

    These are its format, times, protocols, interfaces and comments, and what could not be read of it.

    \b
    Examples:
      pcapframe info capture.pcapng
      pcapframe info capture.pcapng --json
    """  # noqa: D301
    check_writable(output)
    frame = pcapframe.read_pcap(_sources(captures), progress=_progress())
    facts = pcapframe.capture_info(frame)
    counts = {str(name): int(count) for name, count in frame["protocol"].value_counts().items() if count}
    if as_json:
        write(json_text({**asdict(facts), "protocols": counts}), output)
        return
    from pcapframe.cli import text  # noqa: PLC0415

    text.show(text.info_text(facts, counts), output)


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


def _sources(captures: Captures) -> str | list[str]:
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
