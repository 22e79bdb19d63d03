"""Records in batches: none is lost or doubled where a batch ends."""

import pytest

from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.packets import read_pcap
from tests.builders import packet, pcap, pcapng


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("count", [BATCH_RECORDS - 1, BATCH_RECORDS, BATCH_RECORDS + 1, 2 * BATCH_RECORDS])
def test_full_batches(make, count):
    found = read_pcap(make([(i, packet(seq=i)) for i in range(count)]))
    assert found["seq"].tolist() == list(range(count))
