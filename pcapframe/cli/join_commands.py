"""The command that joins captures of the same traffic at several points."""

import click

import pcapframe
from pcapframe.cli.captures import analyze_captures
from pcapframe.cli.frame_commands import write_frame
from pcapframe.cli.options import Captures, as_json, bare_captures, frame_files, output
from pcapframe.cli.output import check_writable, json_text, write

__all__ = ["join"]

NAMES = {2: ("client", "server"), 3: ("client", "middle", "server")}


@click.command()
@bare_captures
@click.option("--points", metavar="POINT,POINT", help="Names of the points of capture, in the order of the captures.")
@click.option("--full", is_flag=True, help="All that stands out, with all frames listed.")
@click.option("--report", metavar="FILE", help="Write an HTML report with charts and ladders to this file.")
@frame_files
@as_json
@output
def join(
    captures: Captures,
    points: str | None,
    full: bool,
    report: str | None,
    csv: str | None,
    parquet: str | None,
    as_json: bool,
    output: str,
) -> None:
    """Join captures of the same traffic at two or more points.

    Says which connections are common, also across NAT, how the clocks differ, and what became of the packets between
    the points: passed, lost, added on the way, or missing in a capture only. Files get one row per transmission, with
    its frame in each capture, its fate, the rule that decided, and its one-way delay.

    \b
    Examples:
      pcapframe join client.pcap server.pcap
      pcapframe join a.pcap b.pcap c.pcap --points laptop,gateway,server
      pcapframe join client.pcap server.pcap --csv transmissions.csv
      pcapframe join client.pcap server.pcap --report join.html
    """
    for path in (output, csv, parquet, report):
        check_writable(path)
    given = [name.strip() for name in points.split(",")] if points is not None else _names(len(captures))
    if len(given) != len(captures) or len(set(given)) != len(given):
        raise click.UsageError(f"--points needs {len(captures)} different names, one for each capture")
    if len(captures) < 2:
        raise click.UsageError("a join needs two captures or more")
    analyses = {
        name: analyze_captures((capture,), None, None, None, None)
        for name, capture in zip(given, captures, strict=True)
    }
    joined = pcapframe.join_captures(analyses)
    if report is not None:
        from pcapframe.report import write_join_report

        write_join_report(joined, report)
    if csv is not None or parquet is not None:
        write_frame(joined.segments, csv, parquet)
        return
    if as_json:
        from pcapframe.joining.summary import summarise_join

        write(json_text(summarise_join(joined)), output)
        return
    from pcapframe.cli.join_text import join_text
    from pcapframe.cli.terminal import show

    show(join_text(joined, full=full), output)


def _names(count: int) -> list[str]:
    """Name points that have no name."""
    return list(NAMES.get(count, [f"point{number}" for number in range(1, count + 1)]))
