"""Draw the floors of the house from the import contracts of pyproject.toml."""

import tomllib
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
WIDTH, FLOOR, GAP, MARGIN = 760, 34, 6, 12  # [px]
LETTER = 7.6  # width of a character [px]


def floors() -> list[list[str]]:
    """Return the modules of each floor, the highest first."""
    contracts = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    return [[name.strip() for name in layer.split("|") if "(" not in name] for layer in layers]


def picture() -> str:
    """Return the drawing as SVG: a row for each floor, a box for each module in the width of its name."""
    rows = floors()
    height = 2 * MARGIN + len(rows) * (FLOOR + GAP) - GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        'font-family="monospace" font-size="12">',
        "<title>The floors of pcapframe: each imports only from the floors below it</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, names in enumerate(rows):
        top = MARGIN + number * (FLOOR + GAP)
        spare = WIDTH - 2 * MARGIN - GAP * (len(names) - 1) - LETTER * sum(len(name) for name in names)
        left = float(MARGIN)
        for name in names:
            wide = LETTER * len(name) + spare / len(names)
            lines += [
                f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{FLOOR}" rx="4" fill="#eef4fa" '
                'stroke="#3b6ea5"/>',
                f'<text x="{left + wide / 2:.1f}" y="{top + FLOOR / 2 + 4:g}" text-anchor="middle" fill="#16324f">'
                f"{escape(name)}</text>",
            ]
            left += wide + GAP
    return "\n".join([*lines, "</svg>"]) + "\n"
