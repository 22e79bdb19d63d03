"""A figure that is reused for one chart after another, as PNG: its ticks, layout and texts are kept."""

from collections.abc import Callable, Hashable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedFormatter, FixedLocator

from pcapframe.plots._pixels import PixelCanvas, png_of

__all__ = ["Canvas", "layout_of"]

LAYOUTS = 64  # kept


class Canvas:
    """A reusable figure for charts of one kind, each drawn as if it were the first; for one thread at a time.

    Parameters
    ----------
    alike : callable, default `layout_of`
        Returns what a figure's layout depends on; charts with equal values share a layout.

    Attributes
    ----------
    figure : Figure or None
        The last chart.

    Examples
    --------
    >>> canvas = Canvas()
    >>> canvas.draw(lambda axes: axes.plot([1, 2]), width=300, height=200)[1:4]
    b'PNG'
    """

    def __init__(self, alike: Callable[[Figure], Hashable] | None = None) -> None:
        self.figure: Figure | None = None
        self._alike = alike or layout_of
        self._look: Hashable = None  # what the figure was made for; None if the next chart needs a new one
        self._layouts: dict[Hashable, list[Any]] = {}

    @property
    def is_full(self) -> bool:
        """Whether all axes have data rather than a sentence in place of a chart."""
        return self._look is not None

    def draw(
        self, chart: Callable[[Axes], object], *, width: int, height: int, ratio: float = 1, look: Hashable = ()
    ) -> bytes:
        """Draw a chart.

        Parameters
        ----------
        chart : callable
            Draws on the axes passed to it.
        width, height : int
            Of the picture. [1/100 inch]
        ratio : float, default 1
            Pixels per 1/100 inch.
        look : hashable
            Names the current style; another style needs another figure.

        Returns
        -------
        bytes
            PNG.
        """
        look = (width, height, ratio, look)
        figure = None
        if self.figure is not None and self._look == look:
            figure = self.figure
            for axes in figure.axes:
                _wipe(axes)
            chart(figure.axes[0])
        if figure is None or not _is_full(figure):
            figure = Figure(figsize=(width / 100, height / 100), dpi=100 * ratio)
            PixelCanvas(figure)
            chart(figure.subplots())
        self._look = look if _is_full(figure) else None
        _fix_times(figure)
        self._lay_out(figure, look)
        self.figure = figure
        return png_of(figure)

    def _lay_out(self, figure: Figure, look: Hashable) -> None:
        """Place the axes as in an earlier chart with the same layout: computing a layout takes as long as drawing."""
        kind = (look, self._alike(figure))
        if kind not in self._layouts:
            ConstrainedLayoutEngine().execute(figure)
            self._layouts[kind] = [axes.get_position() for axes in figure.axes]
            if len(self._layouts) > LAYOUTS:
                del self._layouts[next(iter(self._layouts))]
        for axes, position in zip(figure.axes, self._layouts[kind], strict=True):
            axes.set_position(position)


def layout_of(figure: Figure) -> Hashable:
    """Return everything that the layout of a figure depends on: its texts and where they are.

    Parameters
    ----------
    figure : Figure
        Not modified.

    Returns
    -------
    hashable
        Equal only for figures of one size and style whose layouts are equal.
    """
    return tuple(map(_written, figure.axes))


def _written(axes: Axes) -> Hashable:
    """Return the texts in and around axes and where they are; of the title only its number of lines."""
    legend = axes.get_legend()
    ticks = []
    for axis in (axes.xaxis, axes.yaxis):
        places = axis.get_majorticklocs().tolist()
        texts = axis.get_major_formatter().format_ticks(places)
        ticks.append((axis.get_label_text(), *axis.get_view_interval(), *places, *texts))
    return (
        axes.get_title(loc="left").count("\n"),
        *ticks,
        *((text.get_text(), text.get_position(), getattr(text, "xy", None)) for text in axes.texts),
        *(text.get_text() for text in (legend.get_texts() if legend else ())),
    )


def _wipe(axes: Axes) -> None:
    """Remove everything from the axes except ticks, which take longest to make, and restore their first position."""
    for container in tuple(axes.containers):  # with their bars; a container that stays would be in the next legend
        container.remove()
    for artist in (*axes.lines, *axes.patches, *axes.collections, *axes.texts):
        artist.remove()
    if (legend := axes.get_legend()) is not None:
        legend.remove()
    axes.relim()
    axes.autoscale()
    if (spec := axes.get_subplotspec()) is not None:
        axes.set_subplotspec(spec)
    axes.set_prop_cycle(None)
    axes.set_in_layout(True)


def _is_full(figure: Figure) -> bool:
    """Return whether all axes have data; a figure with a sentence in place of a chart is not reused."""
    return all(axes.has_data() for axes in figure.axes)


def _fix_times(figure: Figure) -> None:
    """Compute the ticks of each time axis once, since that takes long; panels share locator and formatter."""
    for axes in figure.axes:
        axis = axes.xaxis
        if isinstance(axis.get_major_locator(), AutoDateLocator):
            places = axis.get_majorticklocs().tolist()
            formatter = axis.get_major_formatter()
            labels = FixedFormatter(formatter.format_ticks(places))
            labels.set_offset_string(formatter.get_offset())
            axis.set_major_locator(FixedLocator(places))
            axis.set_major_formatter(labels)
