"""Fast drawing of figures as PNG: each text is rendered once and then copied, and compression is kept cheap."""

import math
import struct
import zlib
from collections.abc import Hashable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure

__all__ = ["PixelCanvas", "png_of"]

TEXTS = 512  # most texts kept
AROUND = 3  # letters may extend this far beyond their measured box, tall ones further [pixels]


class PixelCanvas(FigureCanvasAgg):
    """The canvas of a figure that is drawn repeatedly at one size and resolution."""

    @cached_property
    def _texts(self) -> "_TextKeeper":
        return _TextKeeper(*self.get_width_height(physical=True), self.figure.dpi)

    def get_renderer(self) -> "_TextKeeper":
        """Return the renderer, always the same one."""
        return self._texts


class _Area(NamedTuple):
    """How far a text extends from its anchor, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


class _TextKeeper(RendererAgg):
    """Renders each text once and copies its pixels afterwards: text takes longer than the rest of a chart.

    Texts are placed at whole pixels, so that a text looks the same everywhere. Only texts on a background of one colour
    are kept, and they are copied only to such a background.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self._kept: dict[Hashable, tuple[_Area, np.ndarray[Any, Any]]] = {}

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """Draw a text, or copy its pixels."""
        x, y = round(x), round(y)
        # The hash of FontProperties changes with their values.
        look = (gc.get_rgb(), gc.get_alpha(), gc.get_antialiased(), rcParams["text.hinting"])
        key = (s, hash(prop), angle, ismath, *look)
        area, kept = self._kept.get(key, (None, None))
        area = area or self._area(s, prop, angle, ismath)
        ground = self._ground(area, x, y)
        if gc.get_clip_rectangle() is not None:
            ground = None
        if ground is not None and kept is not None and ground[0, 0] == kept[0, 0]:
            ground[:] = kept
            return
        super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # type: ignore[no-untyped-call]
        if ground is not None:
            self._kept[key] = area, ground.copy()
            if len(self._kept) > TEXTS:
                del self._kept[next(iter(self._kept))]

    def _area(self, text: str, font: Any, angle: float, ismath: Any) -> _Area:
        """Return the area that a text may cover."""
        width, height, descent = self.get_text_width_height_descent(text, font, ismath)  # type: ignore[no-untyped-call]
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        corners = [(right, down) for right in (0, width) for down in (descent - height, descent)]
        xs = [right * cos + down * sin for right, down in corners]
        ys = [down * cos - right * sin for right, down in corners]
        around = max(AROUND, int(height) // 3)  # slanted letters extend further
        low, high = -around, 1 + around
        return _Area(int(min(xs)) + low, int(min(ys)) + low, int(max(xs)) + high, int(max(ys)) + high)

    def _ground(self, area: _Area, x: int, y: int) -> np.ndarray[Any, Any] | None:
        """Return a writable view of an area; None if it is not of one colour or partly outside the picture."""
        pixels = np.asarray(self.buffer_rgba()).view(np.uint32)[:, :, 0]  # type: ignore[no-untyped-call]
        left, top, right, bottom = x + area.left, y + area.top, x + area.right, y + area.bottom
        if left < 0 or top < 0 or right > pixels.shape[1] or bottom > pixels.shape[0]:
            return None
        ground = pixels[top:bottom, left:right]
        return ground if (ground == ground[0, 0]).all() else None


def png_of(figure: Figure) -> bytes:
    """Return a figure as PNG. ``savefig`` would draw it twice, and Pillow tries five filters for each row of pixels.

    Parameters
    ----------
    figure : Figure
        Its canvas is a `PixelCanvas`.

    Returns
    -------
    bytes
        A picture without transparency.
    """
    canvas = figure.canvas
    assert isinstance(canvas, PixelCanvas)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]  # type: ignore[no-untyped-call]
    height, width, colours = pixels.shape
    rows = np.zeros((height, 1 + colours * width), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8-bit RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.data, level=1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
