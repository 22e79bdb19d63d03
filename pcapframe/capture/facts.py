"""What a capture file states, and what could not be read: every list has a limit, and a total."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pcapframe.capture.link_types import LINK_TYPES, link_name
from pcapframe.capture.pcapng import LARGEST_BLOCK, MOST_COMMENTS
from pcapframe.wording import agreeing, counted

__all__ = ["CaptureFacts", "decoded", "shortened"]

Bytes = bytes  # which a field below hides
COMMENT_BYTES = 1 << 20  # kept of all comments of a capture
LONGEST_NAME = 1000  # kept of the name or the description of an interface [characters]
MOST_LINK_NOTES = 10  # undecoded link types that get a note each
Block: TypeAlias = bytes  # of pcapng, without its lengths; the class has a field of the other name
MOST_NAME_BYTES = 16 << 20  # kept of blocks that name hosts


@dataclass
class CaptureFacts:
    """What a capture file states; see ``facts.CaptureInfo`` for the fields' meaning."""

    name: str
    format: str
    compression: str | None
    link_types: list[int] = field(default_factory=list)  # all of them
    packets: int = 0  # captured frames
    rows: int = 0  # made of them: more where frames hold several packets
    bytes: int = 0
    snaplen: int | None = None
    interfaces: list[dict[str, Any]] = field(default_factory=list)
    interfaces_total: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    comments_total: int = 0
    truncated: bool = False
    damage: str = ""  # what ended the reading early
    damaged_at: int = 0  # where that was [bytes]
    comment_bytes: int = 0  # so far
    captures: int = 0  # in the file, one after another
    second_at: int = 0  # where the second one begins [bytes]
    undated: int = 0  # packets whose sub-second part is a second or more
    long_blocks: int = 0  # of pcapng, whose options were not all read
    name_blocks: list[tuple[Block, bool]] = field(default_factory=list)  # of pcapng, and whether they are big-endian
    name_bytes: int = 0  # so far

    def add_capture(self, form: str, link_types: list[int], snaplen: int | None, begin: int) -> None:
        """Add what one of the captures of the file states, and where it begins [bytes]."""
        self.captures += 1
        if self.captures == 2:
            self.second_at = begin
        if form not in self.format.split(" and "):
            self.format = f"{self.format} and {form}" if self.format else form
        self.see_links(link_types)
        self.snaplen = max(self.snaplen or 0, snaplen or 0) or None

    def keep_names(self, block: Block, *, big_endian: bool) -> None:
        """Keep a block that names hosts, as long as there are not too many."""
        self.name_bytes += len(block)
        if self.name_bytes <= MOST_NAME_BYTES:
            self.name_blocks.append((block, big_endian))

    def see_links(self, link_types: list[int]) -> None:
        """Add link types that are new."""
        if any(number not in self.link_types for number in link_types):
            self.link_types = list(dict.fromkeys([*self.link_types, *link_types]))

    @property
    def has_no_times(self) -> bool:
        """Whether the sub-second parts are in another unit than the file says, so that no time of it is known."""
        return 2 * self.undated > self.packets

    def passed_over(self, problem: str, *, is_empty: bool) -> None:
        """Record why nothing of it was read; of an empty file, as a ring buffer's newest may be, nothing is missing."""
        self.truncated, self.damage = not is_empty, f"passed over: {problem}"

    def damaged(self, problem: str, offset: int) -> None:
        """Record a problem at an offset, after which the capture is missing or cannot be read."""
        self.truncated, self.damaged_at = True, offset
        self.damage = f"at byte {offset}: {problem}; every whole packet before is kept"

    def keep_comment(self, frame: int | None, text: Bytes) -> None:
        """Keep a comment, unless earlier comments have used up the room for texts."""
        self.comment_bytes += len(text)
        if self.comment_bytes <= COMMENT_BYTES and len(self.comments) < MOST_COMMENTS:
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
        odd = len(self._odd_notes)
        return len(self.undecoded) + lacks_comments + lacks_interfaces + odd + bool(self.damage)

    @property
    def _odd_notes(self) -> list[str]:
        """What is odd about the file, and how it was read."""
        notes = []
        if self.captures > 1:
            notes.append(
                f"the file holds {self.captures:,} captures, one after another, and all are read: the second begins at "
                f"byte {self.second_at}"
            )
        if self.undated:
            which = "no time of the file is known" if self.has_no_times else "these have no time"
            notes.append(
                f"{self.undated:,} of {counted(self.packets, 'packet')} {agreeing(self.undated, 'has', 'have')} a time "
                f"whose sub-second part is a second or more: {which}"
            )
        if self.long_blocks:
            notes.append(
                f"{counted(self.long_blocks, 'block')} {agreeing(self.long_blocks, 'has', 'have')} more than "
                f"{LARGEST_BLOCK >> 20} MiB of options: only these are read"
            )
        return notes

    @property
    def notes(self) -> list[str]:
        """What could not be read, or is not kept."""
        undecoded = self.undecoded
        notes = [
            f"{link_name(number)} is not decoded: its packets have a time and a length only"
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
        notes += self._odd_notes
        return [*notes, self.damage] if self.damage else notes


def decoded(text: bytes) -> str:
    """Text of a comment or a name."""
    return text.decode("utf-8", "replace").rstrip("\0")


def shortened(text: bytes) -> str:
    """Return the text of a name, cut if it is too long."""
    name = decoded(text)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
