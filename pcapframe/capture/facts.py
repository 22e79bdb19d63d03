"""What a capture file states, and what could not be read: every list has a limit, and a total."""

from dataclasses import dataclass, field
from typing import Any

from pcapframe.capture.link_types import LINK_TYPES, link_name
from pcapframe.wording import agreeing, counted

__all__ = ["CaptureFacts", "decoded", "shortened"]

Bytes = bytes  # which a field below hides
COMMENT_BYTES = 1 << 20  # kept of all comments of a capture
LONGEST_NAME = 1000  # kept of the name or the description of an interface [characters]
MOST_LINK_NOTES = 10  # undecoded link types that get a note each


@dataclass
class CaptureFacts:
    """What a capture file states; see ``facts.CaptureInfo`` for the fields' meaning."""

    name: str
    format: str
    compression: str | None
    link_types: list[int] = field(default_factory=list)  # all of them
    packets: int = 0
    bytes: int = 0
    snaplen: int | None = None
    interfaces: list[dict[str, Any]] = field(default_factory=list)
    interfaces_total: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    comments_total: int = 0
    truncated: bool = False
    damage: str = ""  # what ended the reading early
    comment_bytes: int = 0  # so far

    def damaged(self, problem: str, offset: int) -> None:
        """Record a problem at an offset, after which the capture is missing or cannot be read."""
        self.truncated = True
        self.damage = f"at byte {offset}: {problem}; every whole packet before is kept"

    def keep_comment(self, frame: int | None, text: Bytes) -> None:
        """Keep a comment, unless earlier comments have used up the room for texts."""
        self.comment_bytes += len(text)
        if self.comment_bytes <= COMMENT_BYTES:
            self.comments.append({"frame": frame, "text": decoded(text)})

    @property
    def undecoded(self) -> list[int]:
        """Link types whose packets have a time and a length only."""
        return [number for number in self.link_types if number not in LINK_TYPES]

    @property
    def notes_total(self) -> int:
        """How many problems there are; some notes stand for several."""
        lacks_comments = len(self.comments) < self.comments_total
        lacks_interfaces = len(self.interfaces) < self.interfaces_total
        return len(self.undecoded) + lacks_comments + lacks_interfaces + bool(self.damage)

    @property
    def notes(self) -> list[str]:
        """What could not be read, or is not kept."""
        known, undecoded = ", ".join(link_type.name for link_type in LINK_TYPES.values()), self.undecoded
        notes = [
            f"{link_name(number)} is not decoded: its packets have a time and a length only (decoded are {known})"
            for number in undecoded[:MOST_LINK_NOTES]
        ]
        more = len(undecoded) - MOST_LINK_NOTES
        if more > 0:
            notes.append(f"{counted(more, 'more link type')} {agreeing(more, 'is', 'are')} not decoded")
        if len(self.comments) < self.comments_total:
            notes.append(f"there are {self.comments_total:,} comments; the first {len(self.comments):,} are kept")
        if len(self.interfaces) < self.interfaces_total:
            notes.append(
                f"there are {self.interfaces_total:,} interfaces; the first {len(self.interfaces):,} are listed"
            )
        return [*notes, self.damage] if self.damage else notes


def decoded(text: bytes) -> str:
    """Text of a comment or a name."""
    return text.decode("utf-8", "replace").rstrip("\0")


def shortened(text: bytes) -> str:
    """Return the text of a name, cut if it is too long."""
    name = decoded(text)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
