"""The answers of the reviews against the lab's log of the link, and against what the captures show."""

import hashlib
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.joining.standouts import find_join_standouts
from pcapframe.workshop import Review
from tests.workshop.reviews import REVIEWS, TRUTH, answers


def logged(name: str, **having: Any) -> list[dict[str, Any]]:
    """Connections of the log; ``note``: those with these words."""
    rows = TRUTH[name]["connections"]
    return [row for row in rows if having.get("note", "") in row["note"]]


def numbers(name: str, note: str) -> list[int]:
    return [number for number, row in enumerate(TRUTH[name]["connections"]) if note in row["note"]]


def total(rows: list[dict[str, Any]], side: str, count: str) -> int:
    return sum(row[side][count] for row in rows)


def analysis(review: str) -> pf.Analysis:
    return pf.analyze(Review(review).capture, progress=False)


@pytest.mark.parametrize("name", TRUTH)
def test_the_log_is_of_the_capture_that_ships(name: str) -> None:
    capture = Review(REVIEWS[1]).capture.with_name(TRUTH[name]["file"])
    assert hashlib.sha256(capture.read_bytes()).hexdigest() == TRUTH[name]["sha256"]
    packets = pf.read_pcap(capture, progress=False)
    assert len(packets) == TRUTH[name]["packets"]
    kernel = {side: TRUTH[name]["kernel_counters_all"][side]["RetransSegs"] for side in ("client", "server")}
    assert TRUTH[name]["resent_segments_all"] == kernel


def test_web_shop() -> None:
    given, refused = answers("1_web_shop"), logged("web_shop", note="refused")
    assert given["how_many"] == len(logged("web_shop"))
    assert given["refused"] == len(refused) == total(refused, "server", "rsts")
    assert {(row["endpoints"][2], row["endpoints"][3]) for row in refused} == {(given["address"], given["port"])}
    assert given["attempts"] == len([row for row in logged("web_shop") if row["endpoints"][3] == given["port"]])
    assert given["clients"] == len({row["endpoints"][0] for row in refused})
    order = [row["note"] for row in logged("web_shop") if row["endpoints"][3] == given["port"]]
    first, last = order.index("refused"), len(order) - order[::-1].index("refused")
    assert set(order[first:last]) == {"refused"}
    assert set(order[:first]) == set(order[last:]) == {"order"}
    assert given["when"] == "b"


def test_tills() -> None:
    given, reset = answers("2_tills"), logged("tills", note="reset by the server")
    assert given["resets"] == len(reset) == total(reset, "server", "rsts")
    assert total(logged("tills"), "client", "rsts") == 0
    assert given["sent_by"] == "server"
    found = analysis("2_tills")
    silence = found.segments.groupby("conn_id")["time"].diff().dt.total_seconds()
    is_rst = (found.segments["tcp_flags"] & 4) > 0
    assert set(silence[is_rst].round()) == {given["idle_s"]}
    assert silence[~is_rst].max() == pytest.approx(given["survived_s"], abs=0.04)
    longest = silence.groupby(found.segments["conn_id"]).max()
    exceptions = (longest >= 3.5) & (found.connections["ending"] != "reset")
    assert given["exceptions"] == exceptions.sum()
    assert given["other_ttl"] == "no"
    assert found.segments.groupby("src", observed=True)["ttl"].nunique().eq(1).all()
    ages = found.connections.loc[found.connections["ending"] == "reset", "duration_s"]
    assert ages.max() > 2 * ages.min()
    assert given["same_age"] == "no"


def test_branch_office() -> None:
    given, uploads = answers("3_branch_office"), logged("branch_office", note="upload")
    assert given["uploads"] == numbers("branch_office", "upload")
    assert given["resent"] == total(uploads, "client", "resent_segments")
    assert total(logged("branch_office"), "server", "resent_segments") == 0
    assert given["who"] == "client"
    found = analysis("3_branch_office").segments
    with_data = found[(found["payload_bytes"] > 0) & found["from_client"] & found["conn_id"].isin(given["uploads"])]
    assert given["percent"] == round(100 * given["resent"] / len(with_data))
    repeated = with_data.duplicated(["conn_id", "rel_seq"])
    assert given["with_copy"] == repeated.sum()
    assert total(uploads, "client", "dropped_frames") == given["resent"]
    assert total(logged("branch_office"), "server", "dropped_frames") == 0
    assert given["where"] == "b"
    assert total(logged("branch_office", note="download"), "client", "dropped_frames") > 0
    assert given["all_arrived"] == "no"


def test_nightly_copy() -> None:
    given = answers("4_nightly_copy")
    assert given["slow"] == sorted(numbers("nightly_copy", "pauses") + numbers("nightly_copy", "stops reading"))
    assert given["resent"] == sum(TRUTH["nightly_copy"]["resent_segments_all"].values()) == 0
    assert [given["closed"]] == numbers("nightly_copy", "client stops reading")
    assert given["by"] == "client"
    found = analysis("4_nightly_copy").segments
    one = found[found["conn_id"] == given["closed"]]
    shut = one[one["from_client"] & (one["window_bytes"] == 0)]
    opened = one[one["from_client"] & (one["window_bytes"] > 0) & (one["time"] > shut["time"].iloc[-1])]
    between = one[(one["time"] > shut["time"].iloc[0]) & (one["time"] < opened["time"].iloc[0])]
    assert given["closed_s"] == round((opened["time"].iloc[0] - shut["time"].iloc[0]).total_seconds())
    assert given["asked"] == (~between["from_client"]).sum()
    assert between["payload_bytes"].sum() == 0
    (other,) = numbers("nightly_copy", "pauses")
    rest = found[found["conn_id"] == other]
    first_after = rest["time"].diff().idxmax()
    assert given["first_after"] == ("client" if rest.loc[first_after, "from_client"] else "server")
    before = rest[rest["from_client"] & (rest.index < first_after)].iloc[-1]
    assert given["room"] == ("yes" if before["window_bytes"] > 0 else "no")


def test_second_opinion() -> None:
    given, rows = answers("5_second_opinion"), logged("second_opinion")
    frames = total(rows, "client", "frames") + total(rows, "server", "frames")
    assert TRUTH["second_opinion"]["plan"]["mirror_copies"] == 2
    assert given["different"] == 8 / 2
    assert given["copies"] == frames == TRUTH["second_opinion"]["packets"] // 2
    assert given["resent"] == sum(TRUTH["second_opinion"]["resent_segments_all"].values())
    assert given["percent"] == round(100 * given["resent"] / frames, 1)
    begun = [row for row in rows if not row["frames_before_capture"]]
    assert given["beginnings"] == len(begun)
    assert given["failed"] == len([row for row in begun if not row["server"]["syns"]])
    assert given["others"] == "c"
    story = TRUTH["second_opinion"]["wireshark"]["labels"]["retransmission"]
    assert (story, round(100 * story / TRUTH["second_opinion"]["packets"])) == (379, 28)


def test_first_steps() -> None:
    given, connections = answers("0_first_steps"), analysis("0_first_steps").connections
    assert given["how_many"] == len(connections)
    assert given["address"] == connections["server"].astype(str).value_counts().index[0]
    assert given["long_ones"] == list(connections.index[connections["duration_s"] > 1])


def test_four_offices() -> None:
    """Delays and pauses are those of ``OFFICES`` in data/workshop_scenarios.py."""
    given = answers("6_four_offices")
    notes = [row["note"] for name in "abcd" for row in logged(f"office_{name}")]
    assert notes == ["four requests and responses"] * 8
    assert given["how_many"] == 2 * 4
    trips = {name: 2 * TRUTH[f"office_{name}"]["plan"]["delay_s"] for name in "abcd"}
    assert given["far"] == max(trips, key=lambda name: trips[name])
    found = {name: pf.analyze(Review("6_four_offices").capture.with_name(f"office_{name}.pcap.gz")) for name in "abcd"}
    seen = {name: pf.turns(one) for name, one in found.items()}
    assert {name: len(turns) for name, turns in seen.items()} == dict.fromkeys("abcd", given["how_many"])
    for name, turns in seen.items():
        assert turns["round_trip_s"].min() == pytest.approx(trips[name], abs=0.02)
    servers = {name: (turns["service_s"].median() - trips[name]) for name, turns in seen.items()}
    assert given["slow_server"] == max(servers, key=lambda name: servers[name])
    assert given["server_s"] == round(servers[given["slow_server"]], 1) == 0.7
    assert given["left_s"] == abs(round(servers[given["far"]], 1))
    clients = {name: one.connections["client_wait_s"].sum() for name, one in found.items()}
    assert given["slow_client"] == max(clients, key=lambda name: clients[name])
    (other,) = set("abcd") - {given["far"], given["slow_server"], given["slow_client"]}
    sums = found[other].connections[["service_total_s", "duration_s"]].sum()
    assert given["share"] == round(100 * sums["service_total_s"] / sums["duration_s"], -1)
    assert [pattern for pattern in found[other].patterns if pattern.category == "timing"] == []


def test_two_ends() -> None:
    """Without a join: a packet is known by its sender, its identification, its numbers and its timestamp."""
    given, capture = answers("7_two_ends"), Review("7_two_ends").capture
    marks = ["src", "src_port", "ip_id", "seq", "ack", "tcp_flags", "tsval", "payload_bytes"]
    client, middle = (
        pf.label_segments(pf.read_pcap(capture.with_name(f"{name}.pcap.gz"), progress=False))
        for name in ("client", "middle")
    )
    seen = [set(one[marks].astype(str).itertuples(index=False, name=None)) for one in (client, middle)]
    assert given["both"] == client["conn_id"].nunique() == middle["conn_id"].nunique()
    gone = [
        mark not in seen[1] for mark in client.loc[client["from_client"], marks].astype(str).itertuples(False, None)
    ]
    (frame,) = client.index[client["from_client"]][gone]
    never = set(middle.loc[~middle["from_client"], marks].astype(str).itertuples(False, None)) - seen[0]
    assert given["frame"] == frame
    assert given["lost"] == 1 + len(never)
    assert given["resent"] == int(client["resent"].sum())
    joined = pf.join_captures({"client": capture, "middle": capture.with_name("middle.pcap.gz")})
    point = joined.points.loc["middle"]
    assert given["width_ms"] == round(1e3 * (point["offset_high_s"] - point["offset_low_s"]))
    assert point["offset_low_s"] < 0 < point["offset_high_s"]  # one clock stamped both
    (sentence,) = (str(one) for one in find_join_standouts(joined) if one.kind == "resends")
    assert sentence.startswith(f"{given['follow']} of {given['resent']} retransmissions follow a loss")
