"""Check that every link within the built site leads somewhere: ``python docs/links.py FOLDER``."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit


class Page(HTMLParser):
    """Targets and links of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what can be linked to, and what is."""
        given = {name: value or "" for name, value in attrs}
        self.targets |= {given[name] for name in ("id", "name") if name in given}
        self.links += [given[name] for name in ("href", "src") if name in given]


def broken(folder: Path) -> list[str]:
    """Return each link that leads nowhere, with its page."""
    pages = {
        path.resolve(): Page(path.read_text("utf-8")) for path in folder.rglob("*.html") if "_static" not in path.parts
    }
    found = []
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            place, anchor = urldefrag(link)
            target = (path.parent / unquote(place.partition("?")[0])).resolve() if place else path
            is_there = target.exists() and (
                not anchor or target not in pages or unquote(anchor) in pages[target].targets
            )
            found += [] if is_there else [f"{path.relative_to(folder.resolve())}: {link}"]
    return found


if __name__ == "__main__":
    nowhere = broken(Path(sys.argv[1]))
    print("\n".join(nowhere) or "every link within the site leads somewhere")
    sys.exit(bool(nowhere))
