"""Tasks and how they are keyed."""

import numpy as np
import pandas as pd
import pytest

from pcapframe.cluster._running import PARTITION, _keys


def test_each_part_of_the_connections_is_a_partition_of_the_shuffle() -> None:
    shuffle = pytest.importorskip("dask.dataframe.shuffle")
    frame = pd.DataFrame({PARTITION: _keys(13)})
    assert np.asarray(shuffle.partitioning_index(frame, 13)).tolist() == list(range(13))
