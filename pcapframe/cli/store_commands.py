"""The command that keeps an analysis in a folder."""

from typing import Literal

import click

import pcapframe
from pcapframe.cli.captures import analyze_captures
from pcapframe.cli.options import Captures, captures
from pcapframe.cli.output import STDOUT, write
from pcapframe.wording import counted, printable

__all__ = ["convert"]

KEEP = ("packets", "events", "connections")


@click.command()
@captures
@click.argument("folder", metavar="DIR")
@click.option("--keep", type=click.Choice(KEEP), metavar="WHAT", default=KEEP[0],
              help="packets (the default): everything; events: no packets, only the segments that anything can be "
                   "said of; connections: only these and what was found.")  # fmt: skip
def convert(captures: Captures, folder: str, keep: Literal["packets", "events", "connections"]) -> None:
    """Keep an analysis as Parquet files in a folder.

    Every command takes the folder in place of the capture, and reads only what it needs. pandas, DuckDB and Polars open
    the files as they are. A store that is there is replaced, once the new one is complete.

    \b
    Examples:
      pcapframe convert capture.pcapng.gz capture.store
      pcapframe analyze capture.store --server-port 443
      pcapframe convert day/*.pcap day.store --keep connections
    """
    analysis = analyze_captures(captures, None, None, None, None)
    size = sum(file.stat().st_size for file in pcapframe.write_store(analysis, folder, keep=keep).iterdir())
    of = f"{counted(analysis.packet_count, 'packet')}, {counted(len(analysis.connections), 'connection')}"
    write(f"{printable(folder)}: {of} in {counted(size, 'byte')}", STDOUT)
