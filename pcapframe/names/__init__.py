"""Names instead of addresses: what the first payload of each connection says, and what DNS answers say.

Payload is read while a capture is (``watching``), and only names are kept of it. ``found`` says how they stay with
frames.
"""

from pcapframe.names.found import (
    HEARD_IN,
    NAMES,
    SEPARATOR,
    Heard,
    Named,
    named_connections,
    read_heard,
    read_named,
    written_heard,
    written_named,
)
from pcapframe.names.hosts import names_of_block, read_hosts
from pcapframe.names.watching import Watcher

__all__ = [
    "HEARD_IN",
    "NAMES",
    "SEPARATOR",
    "Heard",
    "Named",
    "Watcher",
    "named_connections",
    "names_of_block",
    "read_heard",
    "read_hosts",
    "read_named",
    "written_heard",
    "written_named",
]
