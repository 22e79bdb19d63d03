"""Arguments and options that commands share, and how their values are parsed."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import click

from pcapframe.cli.output import STDOUT

__all__ = [
    "ALLOWED_HOSTS", "CACHE", "CLUSTER", "DECODE_AS", "NAMES", "SERVER_NAME", "Captures", "allow_host", "as_json",
    "bare_captures", "captures", "cluster_option", "decode_as_option", "frame_files", "limit_option", "output",
    "port", "server", "server_name_option", "threshold", "times",
]  # fmt: skip

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Captures: TypeAlias = tuple[Any, ...]  # files, RemoteCaptures

# In the context's meta.
ALLOWED_HOSTS, DECODE_AS = "pcapframe.allowed_hosts", "pcapframe.decode_as"
NAMES, SERVER_NAME, CACHE = "pcapframe.names", "pcapframe.server_name", "pcapframe.cache"
CLUSTER = "pcapframe.cluster"


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


def _options(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Combine options into one decorator."""

    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _keep_hosts(ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> None:
    ctx.meta[ALLOWED_HOSTS] = values


def _keep_decode_as(ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> None:
    ctx.meta[DECODE_AS] = values


def _keep_names(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta[NAMES] = value


def _keep_cache(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    ctx.meta[CACHE] = value


def _keep_cluster(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta[CLUSTER] = value


def _keep_server_name(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta[SERVER_NAME] = value


def _choose_timezone(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    """Show times in a zone while the command runs."""
    if value is None:
        return
    from pcapframe.errors import ParameterError
    from pcapframe.zones import find_zone, options

    before = options.timezone
    try:
        options.timezone = find_zone(value)
    except ParameterError as error:
        raise click.BadParameter(str(error)) from error
    ctx.call_on_close(lambda: setattr(options, "timezone", before))


def _remote(ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> Captures:
    """Make URLs RemoteCaptures with the allowed hosts; leave files as they are."""
    if not any("://" in value for value in values):
        return values
    from pcapframe.capture.remote import RemoteCapture, is_url

    hosts = ctx.meta.get(ALLOWED_HOSTS, ())
    return tuple(RemoteCapture(value, allow_hosts=hosts) if is_url(value) else value for value in values)


# Eager: parsed before the captures, which need it.
allow_host = click.option(
    "--allow-host", multiple=True, metavar="HOST", is_eager=True, expose_value=False, callback=_keep_hosts,
    help="Allow URLs of this host even if its addresses are not public. May be repeated.",
)  # fmt: skip
decode_as_option = click.option(
    "--decode-as", multiple=True, metavar="udp.port=PORT,TUNNEL", expose_value=False, callback=_keep_decode_as,
    help="A tunnel on a UDP port of your own, as in udp.port=14789,vxlan. May be repeated.",
)  # fmt: skip
timezone_option = click.option(
    "--timezone", metavar="ZONE", is_eager=True, expose_value=False, callback=_choose_timezone,
    help="Zone of the times that are shown, such as Europe/Berlin; UTC by default. JSON, CSV and Parquet stay in UTC.",
)  # fmt: skip
# A join keeps no analysis: it has several.
bare_captures = _options(
    click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...", callback=_remote),
    allow_host,
    decode_as_option,
    timezone_option,
    click.option(
        "--names", metavar="HOSTS", expose_value=False, callback=_keep_names,
        help="Names of addresses, in the format of /etc/hosts.",
    ),
)  # fmt: skip
captures = _options(
    bare_captures,
    click.option(
        "--cache", is_flag=True, expose_value=False, callback=_keep_cache,
        help="Keep the analysis in the cache folder, and open it the next time.",
    ),
)  # fmt: skip
cluster_option = click.option(
    "--cluster", metavar="SCHEDULER", expose_value=False, callback=_keep_cluster,
    help="Analyse on the Dask cluster of this scheduler, such as tcp://192.0.2.1:8786, whose workers read the captures "
         "themselves; `local` starts one here.",
)  # fmt: skip
port = click.option(
    "--server-port", type=click.IntRange(0, 65535), metavar="PORT", help="Only connections to this port."
)
server_name_option = click.option(
    "--server-name", metavar="NAME", expose_value=False, callback=_keep_server_name,
    help="Only connections to this name: SNI, Host, DNS or --names. *.example.com matches all names below it.",
)  # fmt: skip
server = _options(
    click.option("--server-ip", metavar="ADDRESS", help="Only connections to this server, IPv4 or IPv6."),
    port,
    server_name_option,
)
times = _options(
    click.option("--start", metavar="TIME", help="Only connections still open at or after this time (ISO 8601, UTC)."),
    click.option("--end", metavar="TIME", help="Only connections that began at or before this time."),
)
threshold = click.option(
    "--threshold", "thresholds", multiple=True, callback=_thresholds, metavar="NAME=VALUE",
    help="Change the threshold of a pattern; see `pcapframe thresholds`. May be repeated.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON: the same answer as in Python.")
output = click.option("-o", "--output", default=STDOUT, metavar="FILE", help="Write to a file, not to standard output.")
frame_files = _options(
    click.option("--csv", metavar="FILE", help="Write CSV to a file, or to standard output (-)."),
    click.option("--parquet", metavar="FILE", help="Write Parquet to a file, or to standard output (-)."),
)


def limit_option(default: int | None, what: str) -> Callable[[Decorated], Decorated]:
    """Make the option ``--limit``.

    Parameters
    ----------
    default : int or None
        Shown in the help; None for no limit.
    what : str
        Its help.

    Returns
    -------
    callable
        A decorator.
    """
    return click.option(
        "--limit",
        type=click.IntRange(0),
        metavar="N",
        default=default,
        show_default=default is not None,
        help=what,
    )
