"""The time zone that people read times in: chosen once, UTC by default.

Frames, answers, JSON, CSV and Parquet stay in UTC whatever is chosen; what is shown names its zone.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pcapframe.errors import ParameterError
from pcapframe.wording import shortened

__all__ = [
    "Options", "find_zone", "local", "local_text", "offset_text", "options", "span_text", "time_to_type", "typed_time",
    "zone_name",
]  # fmt: skip

DAY, SECONDS = len("2026-11-23 "), len("2026-11-23T15:29:00")
UNIX = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = (OverflowError, ValueError)  # a zone moves the first and last days of the calendar out of it


class Options:
    """What is chosen once for all that is shown; the object is ``pcapframe.options``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.options.timezone = "Europe/Berlin"
    >>> pf.options
    Options(timezone='Europe/Berlin')
    >>> pf.options.timezone = None  # UTC
    """

    def __init__(self) -> None:
        self._zone: tzinfo = UTC

    @property
    def timezone(self) -> tzinfo:
        """Zone of the times in texts, charts, reports and notebooks; set by name, as tzinfo, or None for UTC."""
        return self._zone

    @timezone.setter
    def timezone(self, zone: str | tzinfo | None) -> None:
        self._zone = find_zone(zone)

    def __repr__(self) -> str:
        return f"Options(timezone={zone_name()!r})"


options = Options()


def find_zone(zone: str | tzinfo | None) -> tzinfo:
    """Return a time zone.

    Parameters
    ----------
    zone : str, tzinfo or None
        Such as ``Europe/Berlin``; None for UTC.

    Returns
    -------
    tzinfo
        The zone.

    Raises
    ------
    ParameterError
        There is none of this name.

    Examples
    --------
    >>> find_zone(None)
    datetime.timezone.utc
    """
    if zone is None or zone == "UTC":
        return UTC
    if isinstance(zone, tzinfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        given = repr(shortened(zone, 60) if isinstance(zone, str) else zone)
        raise ParameterError(f"timezone {given}: expected a name such as Europe/Berlin, or UTC") from error


def zone_name() -> str:
    """Return the name of the chosen zone, as it stands beside times."""
    zone = options.timezone
    return "UTC" if zone is UTC else str(getattr(zone, "key", None) or zone)


def local(moment: datetime) -> datetime:
    """Return a moment in the chosen zone; as it was where the calendar ends before."""
    try:
        return moment.astimezone(options.timezone)
    except NEVER:
        return moment


def local_text(time: str, digits: int | None = None) -> str:
    """Write a moment in the chosen zone, without its name.

    Parameters
    ----------
    time : str
        ISO 8601 with an offset.
    digits : int, optional
        Of the fraction of a second, cut; those of `time` by default.

    Returns
    -------
    str
        Such as ``2026-11-23 15:29:00.630``.

    Examples
    --------
    >>> local_text("2026-11-23T15:29:00.630414+00:00", 3)
    '2026-11-23 15:29:00.630'
    """
    moment = local(datetime.fromisoformat(time))
    fraction = time[SECONDS:].partition("+")[0].rstrip("Z").lstrip(".")
    fraction = fraction if digits is None else fraction[:digits].ljust(digits, "0")
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat(sep=' ')}{'.' if fraction else ''}{fraction}"


def typed_time(text: str) -> str:
    """Return a time that was typed, with the offset of the chosen zone where it has none.

    Parameters
    ----------
    text : str
        ISO 8601; what is none is returned as it is, for its reader to refuse.

    Returns
    -------
    str
        ISO 8601, as it was where the zone is UTC.

    Examples
    --------
    >>> typed_time("2026-11-23T15:29")
    '2026-11-23T15:29'
    """
    try:
        moment = datetime.fromisoformat(text)
        if options.timezone is UTC or moment.tzinfo is not None:
            return text
        return moment.replace(tzinfo=options.timezone).isoformat()
    except NEVER:
        return text


def time_to_type(time_ns: int) -> str:
    """Write a moment as `typed_time` reads it.

    Parameters
    ----------
    time_ns : int
        Since 1970, UTC. [ns]

    Returns
    -------
    str
        ISO 8601 in the chosen zone, with the offset where that is not UTC.

    Examples
    --------
    >>> time_to_type(1_000)
    '1970-01-01T00:00:00.000001'
    """
    moment = UNIX + timedelta(microseconds=time_ns // 1000)
    return moment.replace(tzinfo=None).isoformat() if options.timezone is UTC else local(moment).isoformat()


def span_text(first: str, last: str, digits: int | None = None) -> str:
    """Write a time range in the chosen zone, with the date once if it is the same, and the zone.

    Parameters
    ----------
    first, last : str
        ISO 8601 with an offset.
    digits : int, optional
        Of the fractions of a second; as they are by default.

    Returns
    -------
    str
        Where the zone is not UTC, with the offset; with both where the clocks were changed in between.

    Examples
    --------
    >>> span_text("2026-11-23T15:29:00.630414+00:00", "2026-11-23T15:29:13.040000+00:00", 3)
    '2026-11-23 15:29:00.630 to 15:29:13.040 UTC'
    """
    begin, end = local_text(first, digits), local_text(last, digits)
    offsets = [_offset(time) for time in (first, last)]
    changed = offsets[0] != offsets[1]
    if begin == end and not changed:
        return f"{begin}{offsets[1]} {zone_name()}"
    until = end[DAY:] if begin[:DAY] == end[:DAY] else end
    return f"{begin}{offsets[0] if changed else ''} to {until}{offsets[1]} {zone_name()}"


def _offset(time: str) -> str:
    """Write the offset from UTC in the chosen zone, after a space; nothing for UTC itself."""
    return "" if options.timezone is UTC else f" {offset_text(datetime.fromisoformat(time))}"


def offset_text(moment: datetime) -> str:
    """Write the offset of the chosen zone from UTC at a moment, such as ``+01:00``."""
    return local(moment).isoformat(timespec="seconds")[SECONDS:]
