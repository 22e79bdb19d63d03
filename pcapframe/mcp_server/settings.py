"""Settings of the server, from its command line."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What the server may read and keep.

    Parameters
    ----------
    roots : tuple of Path
        Root folders whose captures may be read; by default the working directory.
    allow_hosts : tuple of str
        Hosts with private addresses whose captures may be fetched.
    cache_bytes : int, default 2 GiB
        Memory for cached and running analyses together. [bytes]
    """

    roots: tuple[Path, ...] = (Path(),)
    allow_hosts: tuple[str, ...] = ()
    cache_bytes: int = 2 << 30
