"""What holds for every chart, of whatever capture."""

import inspect
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.measures import without_attrs
from pcapframe.plots import _palette
from tests.builders import Conversation, Frame, packet
from tests.plots.made import Made, example, made

CASES = [(name, options) for name, chart in pf.plots.CHARTS.items() for options in chart.ways]
IDS = [f"{name}-{'-'.join(options.values())}" for name, options in CASES]
EVERY = pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)


def frames_for(name: str, frames: Made) -> tuple[pd.DataFrame, ...]:
    """Return the frames that a chart takes."""
    first = next(iter(inspect.signature(getattr(pf.plots, name)).parameters))
    if first == "connections":
        return (frames.connections,)
    both = "connections" in inspect.signature(getattr(pf.plots, name)).parameters
    return (frames.segments, frames.connections) if both else (frames.segments,)


def draw(name: str, frames: Made, *, width: float = 8, layout: Any = None, **options: Any) -> Axes:
    """Draw a chart, and as a picture."""
    figure = Figure(figsize=(width, 4.5), layout=layout)
    given = figure.subplots()
    ax: Axes = getattr(pf.plots, name)(*frames_for(name, frames), ax=given, **options)
    assert ax is given
    figure.draw_without_rendering()
    return ax


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.fixture(scope="module")
def large() -> Made:
    """3,180 connections of 200,000 packets: the same ones again and again, each time 5 seconds later."""
    once = pf.label_segments(pf.read_pcap([pf.example("losses.pcap"), pf.example("resets.pcap")]))
    once = without_attrs(once)
    step = int(once["conn_id"].max()) + 1
    parts = [
        once.assign(conn_id=once["conn_id"] + i * step, time=once["time"] + pd.Timedelta(seconds=5 * i))
        for i in range(60)
    ]
    all_ = pd.concat(parts, ignore_index=True).sort_values("time", ignore_index=True)
    all_.index = pd.RangeIndex(1, len(all_) + 1, name="frame")
    return Made(all_, pf.build_connections(all_))


CAPTURES: dict[str, Iterator[Frame] | list[Frame] | Conversation] = {
    "empty": [],
    "one packet": [(1.0, packet())],
    "one RST": [(1.0, packet(flags="R"))],
    "one moment": [(1.0, packet()), (1.0, packet(flags="R"))],
    "IPv6": Conversation("2001:db8:1111:2222:3333:4444:5555:6666", 65535, "2001:db8:ffff:eeee:dddd:cccc:bbbb:aaaa")
    .handshake().data("client", 10).retransmit("client").rst("server"),
    "years apart": [(1.0, packet()), (4_000_000_000.0, packet(flags="R"))],
}  # fmt: skip


@EVERY
@pytest.mark.parametrize("capture", CAPTURES)
def test_draws_whatever_the_capture(name: str, options: dict[str, Any], capture: str) -> None:
    frames = made(list(CAPTURES[capture]))
    draw(name, frames, width=4, layout="constrained", **options)


@EVERY
@pytest.mark.parametrize("capture", ["midstream.pcap", "mirrored.pcap.gz", "ipv6.pcapng"])
def test_draws_examples(name: str, options: dict[str, Any], capture: str) -> None:
    ax = draw(name, example(capture), **options)
    titles = [panel.get_title(loc="left") for panel in ax.figure.axes]
    assert [title for title in titles if title.startswith(pf.plots.CHARTS[name].title)]


@EVERY
def test_an_empty_frame_says_so_in_a_sentence(name: str, options: dict[str, Any]) -> None:
    ax = draw(name, made([]), **options)
    (text,) = [text.get_text() for text in ax.texts]
    assert text.endswith(".")
    assert len(text.split()) >= 4


@EVERY
def test_no_time_is_said_or_drawn_around(name: str, options: dict[str, Any]) -> None:
    segments = example("losses.pcap").segments
    timeless = segments.assign(time=pd.DatetimeIndex(np.full(len(segments), "NaT", "datetime64[ns]"), tz="UTC"))
    draw(name, Made(timeless, pf.build_connections(timeless)), **options)


@EVERY
def test_a_packet_without_a_time_hides_no_other(name: str, options: dict[str, Any]) -> None:
    """The start of its connection is unknown then: all but its first packets are before every known start and end."""
    talk = Conversation().syn(lost=True).retransmit("client", after=1).rst("server").wait(50).ack().ack()
    segments = made(talk, Conversation(client_port=2, start=100).syn()).segments
    some = segments.assign(time=segments["time"].where(segments.index != 5))
    frames = Made(some, pf.build_connections(some))
    assert frames.connections["start"].isna().tolist() == [True, False]
    draw(name, frames, **options)


@EVERY
def test_a_large_capture_has_few_artists(name: str, options: dict[str, Any], large: Made) -> None:
    ax = draw(name, large, **options)
    artists = [artist for panel in ax.figure.axes for artist in panel.get_children()]
    assert len(artists) < 400
    marks = 0
    for panel in ax.figure.axes:
        marks += sum(len(collection.get_offsets()) for collection in panel.collections)
        marks += sum(len(line.get_xdata()) for line in panel.lines)
    assert marks < 60_000


@EVERY
def test_changes_neither_input_nor_settings(name: str, options: dict[str, Any]) -> None:
    frames = example("losses.pcap")
    copies = [frame.copy(deep=True) for frame in frames]
    attrs = [dict(frame.attrs) for frame in frames]
    settings = dict(matplotlib.rcParams)
    draw(name, frames, **options)
    assert dict(matplotlib.rcParams) == settings
    for frame, copy, before in zip(frames, copies, attrs, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
        assert frame.attrs == before


@EVERY
def test_takes_an_analysis_and_what_it_was_asked_for(name: str, options: dict[str, Any]) -> None:
    analysis = pf.analyze(pf.example("resets.pcap"), server_port=8080)
    drawn = getattr(pf.plots, name)(analysis, ax=Figure().subplots(), **options)
    frames = Made(analysis.filtered_segments, analysis.connections)
    of_frames = getattr(pf.plots, name)(*frames_for(name, frames), ax=Figure().subplots(), **options)
    assert texts(drawn.figure) == texts(of_frames.figure)


@EVERY
def test_text_and_lines_are_seen_on_a_dark_background(name: str, options: dict[str, Any]) -> None:
    with matplotlib.style.context("dark_background"):
        ax = draw(name, example("resets.pcap"), **options)
    cells = name == "state_transitions"  # these numbers stand on colours
    for text in ax.figure.findobj(matplotlib.text.Text):
        if text.get_text() and not (cells and text.axes is ax and text in ax.texts):
            assert matplotlib.colors.to_hex(text.get_color()) == "#ffffff"


@EVERY
def test_every_axis_says_what_it_is(name: str, options: dict[str, Any]) -> None:
    ax = draw(name, example("resets.pcap"), **options)
    bottom = min(ax.figure.axes, key=lambda panel: panel.get_position().y0)
    assert bottom.get_xlabel()
    by_name = {"rst_distribution", "handshakes", "waits", "sender_time"}  # their vertical axis has names
    assert name in by_name or any(panel.get_ylabel() for panel in ax.figure.axes)


@EVERY
def test_a_figure_of_its_own_is_shown_by_nobody(
    name: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with matplotlib.rc_context({"backend": "Agg"}):
        import matplotlib.pyplot as plt

        monkeypatch.setattr(plt, "show", lambda: pytest.fail("shown"))
        ax = getattr(pf.plots, name)(*frames_for(name, example("resets.pcap")), **options)
        assert plt.fignum_exists(ax.figure.number)
        plt.close(ax.figure)


@EVERY
def test_another_frame_is_refused_in_a_sentence(name: str, options: dict[str, Any]) -> None:
    packets = pf.read_pcap(pf.example("clean.pcap"))
    with pytest.raises(ParameterError, match=r"lacks the columns .*: expected what (label_seg|build_conn)"):
        getattr(pf.plots, name)(packets, ax=Figure().subplots(), **options)


def test_axes_given_need_no_pyplot() -> None:
    code = """if True:
        import sys
        import pcapframe as pf
        from matplotlib.figure import Figure
        pf.plots.rst_distribution(pf.analyze(pf.example("resets.pcap")), ax=Figure().subplots())
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_a_sentence_says_what_to_install() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; import pcapframe as pf; pf.plots"
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == (
        'pcapframe.errors.MissingExtraError: charts need matplotlib: pip install "pcapframe[plots]"'
    )


@pytest.mark.parametrize("name", pf.plots.__all__)
def test_public_name_is_documented(name: str) -> None:
    docstring = inspect.getdoc(getattr(pf.plots, name))
    assert docstring
    assert "\nParameters\n----" in docstring
    assert "\nReturns\n----" in docstring


def test_no_colour_is_named_outside_the_palette() -> None:
    assert all(look.color.startswith("#") for looks in vars(_palette).values() if isinstance(looks, dict)
               for look in looks.values() if isinstance(look, _palette.Look))  # fmt: skip


def test_no_warning_is_given_for_a_tiny_figure() -> None:
    with warnings.catch_warnings(action="error"):
        draw("overview", example("resets.pcap"), width=4, layout="constrained")
