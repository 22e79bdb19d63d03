"""The command that keeps an analysis in a folder."""

from pathlib import Path

import click

import pcapframe
from pcapframe.cli.captures import analyze_captures, convert_on_cluster
from pcapframe.cli.options import CLUSTER, Captures, captures, cluster_option
from pcapframe.cli.output import STDOUT, write
from pcapframe.keeping import STORED_KEEPS, StoredKeep
from pcapframe.wording import counted, printable

__all__ = ["convert"]


@click.command()
@captures
@click.argument("folder", metavar="DIR")
@cluster_option
@click.option("--keep", type=click.Choice(STORED_KEEPS), default="packets", show_default=True, metavar="WHAT",
              help="packets: everything; events: no packets, only the segments that "
                   "anything can be said of; connections: only these and what was found.")  # fmt: skip
def convert(captures: Captures, folder: str, keep: StoredKeep) -> None:
    """Keep an analysis as Parquet files in a folder.

    Every command takes the folder in place of the capture, and reads only what it needs. pandas, DuckDB and Polars open
    the files as they are. A store that is there is replaced, once the new one is complete.

    \b
    Examples:
      pcapframe convert capture.pcapng.gz capture.store
      pcapframe analyze capture.store --server-port 443
      pcapframe convert day/*.pcap day.store --keep connections
      pcapframe convert 'day/*.pcap' day.store --cluster tcp://192.0.2.1:8786
    """
    if click.get_current_context().meta.get(CLUSTER):
        analysis = pcapframe.analyze(convert_on_cluster(captures, folder, keep))
    else:
        analysis = analyze_captures(captures, None, None, None, None)
        pcapframe.write_store(analysis, folder, keep=keep)
    size = sum(file.stat().st_size for file in Path(folder).iterdir())
    of = f"{counted(analysis.packet_count, 'packet')}, {counted(len(analysis.connections), 'connection')}"
    write(f"{printable(folder)}: {of} in {counted(size, 'byte')}", STDOUT)
