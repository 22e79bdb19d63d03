"""HTML of texts from anywhere."""

from pcapframe.report.markup import escaped, sentence, write_facts, write_section, write_table

HOSTILE = "<script>'&\x1b[31m"
HARMLESS = "&lt;script&gt;&#x27;&amp;\\x1b[31m"


def test_whatever_is_written_is_escaped() -> None:
    assert escaped(HOSTILE) == HARMLESS
    for made in (
        write_section(HOSTILE).text,
        write_facts({HOSTILE: 1}),
        write_facts({"name": HOSTILE}),
        write_table(HOSTILE, ["head"], [], 0),
        write_table("caption", [HOSTILE], [], 0),
        write_table("caption", ["head"], [[HOSTILE]], 1),
    ):
        assert HARMLESS in made
        assert "<script" not in made


def test_a_table_says_what_it_leaves_out() -> None:
    rows = [["a"], ["b"]]
    assert "<caption>Names</caption>" in write_table("Names", ["Name"], rows, 2)
    assert "<caption>Names (first 2 of 1,200)</caption>" in write_table("Names", ["Name"], rows, 1200)


def test_what_is_not_known_is_said() -> None:
    assert "<th scope='row'>start</th><td>unknown</td>" in write_facts({"start": None})


def test_a_sentence_has_one_full_stop() -> None:
    assert sentence("no TCP.") == "No TCP."
    assert sentence("no TCP") == "No TCP."


def test_numbers_stay_on_one_line_whatever_stands_beside_them() -> None:
    time = "2026-11-23T15:29:00.630763+00:00"
    table = write_facts({"first packet": time, "a long name of a number": 37, "digest": f"9 bytes, {'0a' * 32}"})
    assert f"<td class='long'><span>{time}</span></td>" in table
    assert "<td>37</td>" in table
    assert "<td class='long'>9 bytes, 0a0a" in table


def test_endpoints_with_long_addresses_may_take_several_lines() -> None:
    short, long = "255.255.255.255, port 65535", "2001:db8:1111:2222::1, port 80"
    table = write_table("caption", ["head"] * 3, [[short, long, "1,200"]], 1)
    assert f"<td>{short}</td><td class='long'>{long}</td><td>1,200</td>" in table
