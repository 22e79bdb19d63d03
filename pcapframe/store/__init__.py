"""Frames as Parquet files in a folder, to be opened again by pcapframe, DuckDB, Polars or pandas.

``tables`` writes and reads one frame, exactly; ``folder`` is the folder of a store and its manifest.
"""

from pcapframe.store.folder import (
    CONNECTIONS_FILE,
    MANIFEST,
    PACKETS_FILE,
    Store,
    is_store,
    new_folder,
    schema_digest,
    stores_folder,
)
from pcapframe.store.tables import read_table, write_table

__all__ = [
    "CONNECTIONS_FILE",
    "MANIFEST",
    "PACKETS_FILE",
    "Store",
    "is_store",
    "new_folder",
    "read_table",
    "schema_digest",
    "stores_folder",
    "write_table",
]
