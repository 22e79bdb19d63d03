import pytest

from pcapframe.wording import agreeing, counted, percent, seconds


@pytest.mark.parametrize(("count", "text"), [(0, "0 RSTs"), (1, "1 RST"), (1_000_000, "1,000,000 RSTs")])
def test_counted(count: int, text: str) -> None:
    assert counted(count, "RST") == text


def test_agreeing() -> None:
    assert [agreeing(count, "copy", "copies") for count in (0, 1, 2)] == ["copies", "copy", "copies"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.00 %"), (0.00005, "less than 0.01 %"), (0.0035, "0.35 %"), (0.02, "2.0 %"), (0.5, "50.0 %"),
        (0.9999, "more than 99.9 %"), (1, "100.0 %"), (float("nan"), "an unknown share"),
    ],
)  # fmt: skip
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0 ms"),
        (0.0005, "0.5 ms"),
        (1.0, "1 s"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (64.25, "64.2 s"),
        (999.7, "1,000 s"),
        (7200, "7,200 s"),
        (172_799, "172,799 s"),
        (172_800, "2 days"),
        (600_000, "6.94 days"),
        (126_582_416, "4.01 years"),
        (1e12, "31,688 years"),
        (-200_000, "-2.31 days"),
        (float("nan"), "an unknown time"),
    ],
)
def test_seconds(duration: float, text: str) -> None:
    assert seconds(duration) == text
