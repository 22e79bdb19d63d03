"""Side records: columns that few rows have."""

from pcapframe.capture.extras import QUOTE, SideRecords
from pcapframe.packets import read_pcap
from tests.builders import ethernet, packet, pcap
from tests.capture.frames import OUTER, PACKET, TUNNELS, VXLAN, in_udp

SPARSE = ["outer_src", "outer_dst", "tunnel"]


def test_a_column_that_no_row_has_takes_no_memory():
    packets = read_pcap(pcap([(i, packet()) for i in range(1000)]))
    for name in SPARSE:
        assert packets[name].isna().all()
        assert packets[name].array.codes.strides == (0,)


def test_side_records_follow_their_rows_when_captures_are_merged():
    inside = ethernet(TUNNELS["GRE"])
    first = pcap([(0, packet()), (2, inside), (5, packet())])
    second = pcap([(1, ethernet(in_udp(4789, VXLAN + ethernet(PACKET)))), (1, packet()), (3, packet()), (4, inside)])
    packets = read_pcap([first, second], progress=False)
    ways = packets["tunnel"].tolist()
    assert {frame: way for frame, way in enumerate(ways, 1) if isinstance(way, str)} == {2: "VXLAN", 4: "GRE", 6: "GRE"}
    assert packets["outer_src"].notna().tolist() == [isinstance(way, str) for way in ways]
    assert set(packets["outer_src"].dropna()) == {OUTER[0]}


def test_room_grows_and_keeps_what_is_there():
    records = SideRecords(QUOTE, 2)
    for count in (2, 3, 100, 1):
        room = records.room(count, 0)
        assert room.size >= count
        room["row"][:count] = range(records.count, records.count + count)
        records.count += count
    assert records.records()["row"].tolist() == list(range(106))
    assert records.nbytes == 106 * QUOTE.itemsize
    assert SideRecords(QUOTE, 2).room(1, 5000).size >= 5000
