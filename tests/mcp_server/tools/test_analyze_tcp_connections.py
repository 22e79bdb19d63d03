"""Connections page by page, each once."""

from tests.mcp_server.clients import FOUR, Blocking


def test_cursors_list_every_connection_once(served_large: Blocking) -> None:
    cursor, seen = None, []
    for _ in range(20):
        answer = served_large.answer(FOUR[1], pcap_file="again.pcap", detailed=True, cursor=cursor)
        seen += [connection["conn_id"] for connection in answer["connections"]]
        assert answer["connections_total"] == 300
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == list(range(300))


def test_ten_unless_more_is_asked_for(served_large: Blocking) -> None:
    few = served_large.answer(FOUR[1], pcap_file="again.pcap", limit=50)
    assert len(few["connections"]) == 10
    more = served_large.answer(FOUR[1], pcap_file="again.pcap", limit=4, cursor=few["next_cursor"])
    assert [connection["conn_id"] for connection in more["connections"]] == [10, 11, 12, 13]
