"""What the user of the server decides."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What the server may read and keep.

    Parameters
    ----------
    roots : tuple of Path
        Folders whose captures may be read; the working directory by default.
    allow_hosts : tuple of str
        Hosts whose captures may be fetched although their addresses are not public.
    cache_bytes : int, default 2 GiB
        Memory that analyses may take, those kept and those under way together. [bytes]
    """

    roots: tuple[Path, ...] = (Path(),)
    allow_hosts: tuple[str, ...] = ()
    cache_bytes: int = 2 << 30
