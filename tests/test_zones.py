"""The zone that times are shown in: chosen once, named everywhere, and nothing that machines read."""

from collections.abc import Iterator
from datetime import UTC, timedelta, timezone

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.zones import find_zone, local_text, options, span_text, time_to_type, typed_time, zone_name
from tests.builders import Conversation, pcap

WINTER = pd.Timestamp("2026-11-23T15:29:00.630414123Z").timestamp()
CHANGE = pd.Timestamp("2026-10-25T00:59:30Z").timestamp()  # Berlin: 02:59:30 +02:00; at 01:00 UTC it is 02:00 +01:00


@pytest.fixture
def berlin() -> Iterator[None]:
    options.timezone = "Europe/Berlin"
    yield
    options.timezone = None


def capture(start: float, lasting: float = 60.0) -> bytes:
    talk = Conversation(start=start).handshake().data("client", 100).data("server", 900).ack("client")
    return pcap(talk.wait(lasting).close())


def test_utc_by_default() -> None:
    assert (zone_name(), options.timezone) == ("UTC", UTC)
    assert "15:29:00.630 to 15:30:00.690 UTC (60.1 s)" in plain_text(pf.analyze(capture(WINTER)).brief, width=80)


@pytest.mark.usefixtures("berlin")
def test_texts_are_in_the_chosen_zone_and_name_it() -> None:
    analysis = pf.analyze(capture(WINTER))
    text = "2026-11-23 16:29:00.630 to 16:30:00.690 +01:00 Europe/Berlin (60.1 s)"
    assert text in " ".join(plain_text(analysis.brief, width=80).split())
    assert "16:29:00" in str(analysis)
    assert "UTC" not in plain_text(analysis.brief, width=80)


@pytest.mark.usefixtures("berlin")
def test_clocks_that_are_changed_in_a_capture_show_both_offsets() -> None:
    """One minute around the end of summer time goes from 02:59:30 back to 02:00:30."""
    text = plain_text(pf.analyze(capture(CHANGE)).brief, width=120)
    assert "2026-10-25 02:59:30.000 +02:00 to 02:00:30.060 +01:00 Europe/Berlin (60.1 s)" in text


@pytest.mark.usefixtures("berlin")
def test_what_machines_read_stays_in_utc() -> None:
    data = capture(WINTER)
    chosen = pf.analyze(data)
    options.timezone = None
    plain = pf.analyze(data)
    assert chosen.capture == plain.capture
    assert [seen.to_dict() for seen in chosen.standouts] == [seen.to_dict() for seen in plain.standouts]
    assert str(chosen.packets["time"].dtype) == "datetime64[ns, UTC]"


@pytest.mark.usefixtures("berlin")
def test_a_frame_is_shown_in_the_chosen_zone_or_in_another() -> None:
    packets = pf.read_pcap(capture(WINTER))
    assert pf.show(packets, 1)["time"].iloc[0].isoformat().startswith("2026-11-23T16:29:00.63")
    assert pf.show(packets, 1, timezone="Asia/Kolkata")["time"].iloc[0].isoformat().startswith("2026-11-23T20:59:00.63")


@pytest.mark.parametrize(
    "zone", ["Europe/Nowhere", "", "../../etc/passwd", "/etc/passwd", "a" * 500, "\x1b[31m", "\0", 7]
)
def test_what_is_no_zone_is_an_error_that_says_so(zone: object) -> None:
    with pytest.raises(pf.ParameterError, match="expected a name such as Europe/Berlin") as raised:
        pf.options.timezone = zone  # type: ignore[assignment]
    assert len(str(raised.value)) < 200
    assert str(raised.value).isprintable()
    assert zone_name() == "UTC"


def test_a_zone_of_ones_own() -> None:
    assert find_zone(timezone(timedelta(hours=-3))).utcoffset(None) == timedelta(hours=-3)
    assert find_zone("UTC") is UTC


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("time", "text"), [
    ("2026-07-01T22:30:00+00:00", "2026-07-02 00:30:00"),
    ("2026-07-01T22:30:00.123456789+00:00", "2026-07-02 00:30:00.123456789"),
    ("9999-12-31T23:59:59+00:00", "9999-12-31 23:59:59"),
])  # fmt: skip
def test_moments(time: str, text: str) -> None:
    assert local_text(time) == text


def test_one_moment_is_written_once() -> None:
    assert span_text("2026-07-01T22:30:00+00:00", "2026-07-01T22:30:00+00:00", 3) == "2026-07-01 22:30:00.000 UTC"


def test_an_event_of_one_day_has_its_date_once() -> None:
    first, last = "2026-11-23T23:59:59.123456+00:00", "2026-11-24T00:00:01.000000+00:00"
    assert span_text(first, "2026-11-23T23:59:59.999000+00:00", 3) == "2026-11-23 23:59:59.123 to 23:59:59.999 UTC"
    assert span_text(first, last, 3) == "2026-11-23 23:59:59.123 to 2026-11-24 00:00:01.000 UTC"


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("typed", "read"), [
    ("2026-07-01T22:30", "2026-07-01T22:30:00+02:00"),
    ("2026-01-01", "2026-01-01T00:00:00+01:00"),
    ("2026-07-01T22:30:00Z", "2026-07-01T22:30:00Z"),
    ("soon", "soon"),
    ("", ""),
])  # fmt: skip
def test_a_time_is_typed_in_the_chosen_zone(typed: str, read: str) -> None:
    assert typed_time(typed) == read


@pytest.mark.usefixtures("berlin")
def test_what_the_explorer_types_says_which_hour_it_is() -> None:
    """02:30 of that night is twice: in summer time at 00:30 UTC, in winter time at 01:30."""
    first, second = (time_to_type(pd.Timestamp(f"2026-10-25T{hour}:30Z").value) for hour in ("00", "01"))
    assert (first, second) == ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")
    assert (typed_time(first), typed_time(second)) == (first, second)
