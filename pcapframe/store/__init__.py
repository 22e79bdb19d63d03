"""Frames as Parquet files in a folder, to be opened again by pcapframe, DuckDB, Polars or pandas.

``tables`` writes and reads one frame, exactly; ``folder`` is the folder of a store and its manifest.
"""

from pcapframe.store.folder import (
    CONNECTIONS_FILE,
    MANIFEST,
    OF_SEGMENTS,
    PACKETS_FILE,
    PacketFiles,
    Store,
    is_store,
    packet_files,
    schema_digest,
    stores_folder,
)
from pcapframe.store.replacing import new_folder
from pcapframe.store.tables import ROWS_A_GROUP, arrow_table, read_table, write_groups, write_table

__all__ = [
    "CONNECTIONS_FILE",
    "MANIFEST",
    "OF_SEGMENTS",
    "PACKETS_FILE",
    "ROWS_A_GROUP",
    "PacketFiles",
    "Store",
    "arrow_table",
    "is_store",
    "new_folder",
    "packet_files",
    "read_table",
    "schema_digest",
    "stores_folder",
    "write_groups",
    "write_table",
]
