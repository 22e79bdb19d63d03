"""Names instead of addresses: what the first payload of each connection says.

Payload is read while a capture is (``watching``), and only names are kept of it. ``found`` says how they stay with
frames.
"""

from pcapframe.names.found import (
    HEARD_IN,
    NAMES,
    Heard,
    Named,
    heard_by_frame,
    named_connections,
    read_heard,
    read_named,
    written_heard,
    written_named,
)
from pcapframe.names.watching import Watcher

__all__ = [
    "HEARD_IN",
    "NAMES",
    "Heard",
    "Named",
    "Watcher",
    "heard_by_frame",
    "named_connections",
    "read_heard",
    "read_named",
    "written_heard",
    "written_named",
]
