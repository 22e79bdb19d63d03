"""In which order the points are along the path, from the clients on."""

from functools import cmp_to_key

from pcapframe.joining.clocks import Clock, is_beyond
from pcapframe.joining.rows import Rows

__all__ = ["order_points"]


def order_points(clocks: list[Clock | None], rows: Rows) -> list[int]:
    """Order the points.

    Parameters
    ----------
    clocks : list of Clock or None
        By point, against the first; None for the first itself, and where nothing is common.
    rows : Rows
        The packets that points have in common.

    Returns
    -------
    list of int
        Points from the client on, without those whose place is not known; empty if that leaves fewer than two.
    """
    placed = {point: clock for point, clock in enumerate(clocks) if clock is not None and clock.pieces}
    near, far = ([point for point, clock in placed.items() if clock.is_beyond is side] for side in (False, True))

    def compared(one: int, other: int) -> int:
        """Tell which is nearer to the clients: by their own packets, else by how far each is from the first point."""
        beyond = is_beyond(*rows.common(one, other))
        if beyond is None:
            beyond = (placed[one].margin < placed[other].margin) == placed[one].is_beyond
        return -1 if beyond else 1

    near, far = (sorted(side, key=cmp_to_key(compared)) for side in (near, far))
    return [*near, 0, *far] if near or far else []
