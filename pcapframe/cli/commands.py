"""The command ``pcapframe``. Each command imports what it needs when it runs, so that ``--help`` is fast."""

import gc
import sys
from typing import Any, NoReturn

import click

import pcapframe
from pcapframe.cli import (
    answer_commands,
    frame_commands,
    join_commands,
    service_commands,
    store_commands,
    wait_commands,
)
from pcapframe.cli.output import OutputClosed, exit_status, replace_closed_streams
from pcapframe.files import exit_on_sigterm

__all__ = ["main"]

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    replace_closed_streams()
    gc.disable()  # one command, then the process ends: garbage collection would only slow the imports
    status = exit_status(lambda: commands.main(prog_name="pcapframe", standalone_mode=False))
    gc.freeze()  # nothing to collect at exit either
    sys.exit(status)


def _show_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"pcapframe {pcapframe.__version__}")
        ctx.exit()


class Commands(click.Group):
    """Gives a closed pipe a separate exit status; click would use the one for an unreadable capture."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            with exit_on_sigterm():
                return super().invoke(ctx)
        except BrokenPipeError:
            raise OutputClosed from None


@click.group(cls=Commands, context_settings=SETTINGS)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show the version and exit.",
)  # fmt: skip
def commands() -> None:
    """Analyse the TCP connections in packet captures.

    CAPTURE is a pcap or pcapng file, compressed or not, its URL (http, https), or - for standard input. Several
    captures are read as one, merged by time; a folder stands for the captures in it. The folder that `convert` wrote
    stands for what it was made of. pcapframe states what it observes, with the packets that show it, and never why.

    \b
    Examples:
      pcapframe analyze capture.pcap
      pcapframe analyze capture.pcap --server-ip 192.0.2.1 --server-port 443 --json
      tcpdump -i eth0 -c 1000 -w - tcp | pcapframe analyze -
      pcapframe connections capture.pcap --sort resent_segments

    \b
    Exit status: 0 done, 1 the capture cannot be read or an extra is missing, 2 the command line is not valid.
    """


for module in (answer_commands, frame_commands, wait_commands, join_commands, store_commands, service_commands):
    for name in module.__all__:
        commands.add_command(getattr(module, name))
