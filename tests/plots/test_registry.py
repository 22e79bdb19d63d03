"""What is said of charts elsewhere is what their files say."""

from pathlib import Path

import pcapframe as pf

ROOT = Path(__file__).parent.parent.parent


def test_the_page_of_charts_lists_every_chart_in_the_words_of_its_file() -> None:
    page = (ROOT / "docs/howto/charts.md").read_text("utf-8")
    table = page.split("| chart | shows |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [f"| `{chart.name}` | {chart.numbers} |" for chart in pf.plots.CHARTS.values()]


def test_public_names_are_what_the_files_offer() -> None:
    assert set(pf.plots.__all__) >= {f"{name}{end}" for name in pf.plots.CHARTS for end in ("", "_data")}
    assert all(getattr(pf.plots, name).__module__.startswith("pcapframe.plots.") for name in pf.plots.__all__)
