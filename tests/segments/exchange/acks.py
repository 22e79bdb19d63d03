"""What the frames of a test come to."""

from collections.abc import Iterable

from tests.builders import Frame
from tests.segments.made import segments


def facts(frames: Iterable[Frame]) -> dict[str, int]:
    """Sums of what is said of acknowledgements, and of what rests on them."""
    made = segments(frames)
    return {
        "acks_unsent": int(made["acks_unsent"].sum()),
        "ack_early": int(made["ack_early"].sum()),
        "gap": int(made["capture_gap"].sum()),
        "resent": int(made["resent"].sum()),
    }
