import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num, num2date
from matplotlib.figure import Figure

from pcapframe.plots import _scales
from pcapframe.zones import options
from tests.plots.made import axes


def test_a_single_moment_has_room_around_it() -> None:
    ax = axes()
    day = float(date2num(np.datetime64("2026-01-01")))
    with warnings.catch_warnings(action="error"):
        _scales.time_axis(ax, day, day)
        ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    low, high = ax.get_xlim()
    assert (high - low) * 86400 == pytest.approx(1, rel=1e-3)
    assert ax.get_xlabel() == "time (UTC)"


@pytest.mark.parametrize(("zone", "ticks"), [("UTC", ["12:00", "18:00"]), ("Asia/Kolkata", ["18:00", "00:00"])])
def test_ticks_are_round_in_the_chosen_zone(zone: str, ticks: list[str]) -> None:
    """From 12:00 to 23:00 UTC, which is from 17:30 to 04:30 of the next day in Kolkata."""
    options.timezone = zone
    try:
        ax = axes()
        low, high = (float(date2num(np.datetime64(f"2026-01-05T{hour}:00"))) for hour in (12, 23))
        _scales.time_axis(ax, low, high)
        ax.figure.draw_without_rendering()  # type: ignore[union-attr]
        _scales.seconds_axis(ax, int(low * 86400) * 10**9, 0.0, 1.0)
        assert ax.get_xlabel().endswith(f" {zone}")
        _scales.time_axis(ax, low, high)
        assert ax.get_xlabel() == f"time ({zone})"
        shown = {num2date(tick, tz=options.timezone).strftime("%H:%M") for tick in ax.get_xticks()}
        assert set(ticks) <= shown
    finally:
        options.timezone = None


def test_dates_are_days_whatever_holds_the_times() -> None:
    index = pd.DatetimeIndex(["1970-01-02T12:00"], tz="UTC")
    assert _scales.dates(index).tolist() == _scales.dates(pd.Series(index)).tolist() == [1.5]


def test_counts_are_whole_numbers_without_a_sign() -> None:
    ax = axes()
    ax.set_ylim(-2, 2)
    _scales.count_axis(ax, "RSTs")
    ticks = ax.get_yticks()
    assert (ticks == ticks.round()).all()
    assert ax.yaxis.get_major_formatter()(-1234) == "1,234"


def test_a_unit_stands_once_with_its_prefix() -> None:
    ax = axes()
    _scales.unit_axis(ax, "throughput", "bit/s")
    assert ax.get_ylabel() == "throughput"
    assert ax.yaxis.get_major_formatter()(-2e6) == "2 Mbit/s"
    _scales.share_axis(ax, "rate")
    assert ax.yaxis.get_major_formatter()(0.025) == "2.5"


@pytest.mark.parametrize(("low", "high"), [(0.024, 0.026), (0.01, 0.1), (1e-6, 10), (1, 1)])
def test_logarithmic_scale_has_labels_however_short(low: float, high: float) -> None:
    for which in ("x", "y"):
        ax = axes()
        _scales.log_axis(ax, low, high, which=which)  # type: ignore[arg-type]
        ax.figure.draw_without_rendering()  # type: ignore[union-attr]
        axis = ax.xaxis if which == "x" else ax.yaxis
        left, right = axis.get_view_interval()
        assert left < low <= high < right
        if high / low > 2:
            assert sum(left <= tick <= right for tick in axis.get_majorticklocs()) >= 2


def test_seconds_tell_since_when() -> None:
    ax = axes()
    _scales.seconds_axis(ax, 1_500_000_000, 0, 0)
    assert ax.get_xlabel() == "seconds since 1970-01-01 00:00:01.500000 UTC"


def test_bytes_have_no_parts() -> None:
    ax = Figure().subplots()
    ax.plot([0, 1], [0, 1])
    _scales.unit_axis(ax, "relative sequence number", "B")
    assert all(float(tick).is_integer() for tick in ax.get_yticks())


@pytest.mark.parametrize(
    "span_s", [1e-4, 0.002, 0.35, 1.0, 3.5, 12.6, 61, 200, 900, 3700, 50_000, 90_000, 400_000, 9e6]
)
@pytest.mark.parametrize("width", [4, 8, 14])
def test_at_least_four_times_are_written(span_s: float, width: float) -> None:
    figure = Figure(figsize=(width, 4))
    utc, since = figure.subplots(2, 1)
    start = 20_000.3  # days
    _scales.time_axis(utc, start, start + span_s / 86400)
    _scales.seconds_axis(since, 10**18, 0.0, span_s)
    for ax in (utc, since):
        low, high = ax.get_xlim()
        assert sum(low <= place <= high for place in ax.get_xticks()) >= 4
