"""Frames, first copies and zero windows of the time–sequence graph, by hand."""

import math

import pandas as pd

from pcapframe.plots._sequence import time_sequence_marks
from tests.builders import Conversation
from tests.plots.made import example, made


def rows(talk: Conversation, kind: str) -> pd.DataFrame:
    marks, _ = time_sequence_marks(made(talk).segments)
    found = marks.between()
    return found[found["kind"] == kind]


def test_a_mark_names_its_packet_and_a_resend_its_first_copy() -> None:
    talk = Conversation(start=5, window_scale=0, window=1000).handshake()  # frames 1 to 3
    talk.data("server", 100).data("server", 100, lost=True).data("server", 100)  # 4 to 6
    talk.ack("client").retransmit("server", 101, after=0.2).ack("client")  # 7 to 9
    assert rows(talk, "segment")["frame"].tolist() == [2, 4, 5, 6]
    (again,) = rows(talk, "resent").to_dict("records")
    assert (again["frame"], again["first_copy"], again["low"]) == (8, 5, 101)
    segments = made(talk).segments
    sent = (segments.loc[5, "time"] - segments.loc[1, "time"]).total_seconds()
    assert math.isclose(again["first_copy_s"], sent, abs_tol=1e-9)
    assert rows(talk, "ack")["frame"].tolist() == [3, 7, 9]
    assert rows(talk, "segment")["first_copy"].isna().all()


def test_a_first_copy_that_was_not_captured_has_neither_frame_nor_time() -> None:
    talk = Conversation().handshake().data("server", 100).data("server", 100, drop=True, lost=True)
    talk.data("server", 100).ack("client", sack=[(201, 301)]).retransmit("server", 101, after=0.2)
    again = rows(talk, "resent")
    assert again["first_copy"].isna().tolist() == again["first_copy_s"].isna().tolist() == [True]


def test_zero_windows_stand_at_the_acknowledgement() -> None:
    talk = Conversation(window_scale=0, window=200).handshake().data("server", 200)
    talk.ack("client", window=0).wait(1).ack("client", window=500)
    (zero,) = rows(talk, "zero_window").to_dict("records")
    assert (zero["low"], zero["high"], zero["frame"]) == (201, 201, 5)


def test_frames_are_those_of_the_segments() -> None:
    segments, _ = example("losses.pcap")
    marks, attrs = time_sequence_marks(segments)
    own = segments[segments["conn_id"] == attrs["conn_id"]]
    found = marks.between()
    of = found["from_sender"] = own.loc[found["frame"], "from_client"].to_numpy() == attrs["from_client"]
    assert of[found["kind"].isin(["segment", "resent"]).to_numpy()].all()
    assert not of[found["kind"].isin(["ack", "window", "sack", "zero_window"]).to_numpy()].any()
    start = pd.Timestamp(attrs["start_ns"], tz="UTC")
    assert ((own.loc[found["frame"], "time"] - start).dt.total_seconds().to_numpy() == found["time_s"]).all()
