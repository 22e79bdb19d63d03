"""Commands for reports, workshops and the MCP server; each needs an extra."""

import gc
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from pcapframe.cli.captures import decode_as, names, server_name, spare_numpy
from pcapframe.cli.options import ALLOWED_HOSTS, Captures, allow_host, captures, server, threshold, times
from pcapframe.cli.output import STDOUT, say, write
from pcapframe.errors import MissingExtraError
from pcapframe.wording import agreeing, printable

__all__ = ["mcp", "report", "workshop"]

FIRST_NOTEBOOK = "0_first_steps.ipynb"  # of a workshop


@click.command()
@captures
@click.option(
    "-o", "--output", "folder", required=True, metavar="DIR", help="Folder for the reports; created if needed."
)
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
    """Write an HTML report of each capture, and an index.

    Each report is one self-contained file. A capture that cannot be read is listed in the index and does not stop the
    others; the exit status is then 1. Needs: pip install "pcapframe[report]".

    \b
    Examples:
      pcapframe report capture.pcap -o reports
      pcapframe report *.pcapng.gz -o reports --server-port 443 --title "Incident of 31 January"
      pcapframe report capture.pcap -o reports --threshold packet_retransmission.rate=0.01 --ipynb
    """
    if STDOUT in captures:
        raise click.UsageError("report reads files, not standard input (-)")
    from tqdm import tqdm

    from pcapframe.report import write_reports

    given = {"server_ip": server_ip, "server_port": server_port, "start": start, "end": end, "title": title}
    parameters = {**given, "thresholds": thresholds or None, "decode_as": decode_as()}
    parameters |= {"server_name": server_name(), "names": names()}
    with tqdm(total=len(captures), unit="report", leave=False, disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, _total: int, name: str) -> None:
            bar.set_description(printable(name), refresh=False)
            bar.update(done - bar.n)

        results = write_reports(captures, folder, parameters=parameters, keep_notebook=keep_notebook, progress=progress)
    lines = [str(result.page) if result.page else f"no report of {result.name}" for result in results]
    if len(results) > 1:
        lines.append(str(Path(folder) / "index.html"))
    write("\n".join(map(printable, lines)), STDOUT)
    for result in results:
        if result.problem is not None:
            say(printable(f"{result.name}: {result.problem}"))
    if not all(result.readable for result in results):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--lab", is_flag=True, help="Start JupyterLab in DIR.")
@click.argument("lab_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- LAB-OPTIONS...]")
def workshop(folder: str, lab: bool, lab_options: tuple[str, ...]) -> None:
    """Write guided incident reviews to a folder.

    DIR gets notebooks with questions, their captures, and the answers with a page for whoever runs the workshop. It
    is created if missing. Files that you changed are never overwritten: they are listed, and the exit status is 1
    unless JupyterLab is started. --lab needs: pip install "pcapframe[workshop]". Options after -- go to JupyterLab.

    \b
    Examples:
      pcapframe workshop reviews
      pcapframe workshop reviews --lab
      pcapframe workshop reviews --lab -- --no-browser --port 9999
    """
    if lab_options and not lab:
        raise click.UsageError("options for JupyterLab need --lab")
    if lab and find_spec("jupyterlab") is None:
        raise MissingExtraError("--lab needs", "jupyterlab", "workshop")
    from pcapframe.workshop import lay_out

    laid = lay_out(folder)
    write("\n".join(printable(f"{file.outcome:9}  {file.path}") for file in laid), STDOUT)
    kept = sum(file.outcome == "kept" for file in laid)
    if kept:
        changed = f"{kept} of {len(laid)} files {agreeing(kept, 'was', 'were')} changed and not overwritten"
        say(f"{changed}; move a file away to get a new copy")
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


@click.command()
@click.option(
    "--root", "roots", multiple=True, type=click.Path(path_type=Path), metavar="FOLDER",
    help="Folder whose captures may be read; the working directory by default. May be repeated.",
)  # fmt: skip
@allow_host
@click.option("--cache-mib", type=click.IntRange(1), default=2048, show_default=True, metavar="MIB",
              help="Memory for cached and running analyses; a capture that does not fit is refused.")  # fmt: skip
@click.option("--http", "over_http", is_flag=True, help="Serve over streamable HTTP, at /mcp, instead of stdio.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, metavar="PORT",
              help="Port for HTTP; 0 picks a free one.")  # fmt: skip
@click.pass_context
def mcp(ctx: click.Context, roots: tuple[Path, ...], cache_mib: int, over_http: bool, host: str, port: int) -> None:
    """Serve assistants over the Model Context Protocol.

    The tools give the same answers as the commands here. Over HTTP, clients must send the bearer token that the
    environment variable PCAPFRAME_MCP_TOKEN holds; without a token the server listens on loopback only. Needs: pip
    install "pcapframe[mcp]".

    \b
    Examples:
      pcapframe mcp --root captures
      PCAPFRAME_MCP_TOKEN=secret pcapframe mcp --http --port 8080
    """
    spare_numpy()
    from pcapframe import mcp_server

    settings = mcp_server.Settings(roots or (Path(),), ctx.meta[ALLOWED_HOSTS], cache_mib << 20)
    gc.enable()  # a server runs for long
    if over_http:
        mcp_server.serve_http(settings, host=host, port=port, token=os.environ.get("PCAPFRAME_MCP_TOKEN"))
    else:
        mcp_server.serve_stdio(settings)
