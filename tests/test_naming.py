"""Names beside addresses: escaped, bounded, and never in their place."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.naming import beside, clipped_name, names_by_end, server_name_text

CLIENT, SERVER = "192.0.2.10", "198.51.100.20"


def connections(**columns: list[object]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    ends = {"client": [CLIENT] * count, "server": [SERVER] * count, "server_port": [443] * count}
    none: dict[str, list[object]] = {name: [None] * count for name in ("server_name", "server_names", "client_names")}
    frame = pd.DataFrame({**ends, **none, **columns})
    return frame.astype(dict.fromkeys(("client", "server", *none), "category"))


def test_the_name_that_clients_ask_for_comes_before_those_of_the_address() -> None:
    frame = connections(server_name=["a.example", None], server_names=["cdn.example", "cdn.example, b.example"])
    assert names_by_end(frame.iloc[:1]) == {f"{SERVER}:443": "a.example"}
    assert names_by_end(frame.iloc[1:]) == {f"{SERVER}:443": "cdn.example"}


def test_the_name_of_most_connections_is_shown_with_how_many_others() -> None:
    frame = connections(server_name=["b.example", "a.example", None, "a.example", "c.example"])
    assert names_by_end(frame) == {f"{SERVER}:443": "a.example and 2 more"}


def test_ports_are_told_apart_where_that_is_asked() -> None:
    frame = connections(server_name=["a.example", "b.example", "b.example"], server_port=[443, 80, 80])
    assert names_by_end(frame) == {f"{SERVER}:443": "a.example", f"{SERVER}:80": "b.example"}
    assert names_by_end(frame, ports=False) == {SERVER: "b.example and 1 more"}


def test_clients_have_names_too() -> None:
    frame = connections(client_names=["laptop.example, old.example", None], client=[CLIENT, "2001:db8::1"])
    assert names_by_end(frame, "client") == {CLIENT: "laptop.example"}


def test_a_name_that_is_the_address_itself_says_nothing() -> None:
    assert names_by_end(connections(server_name=[SERVER])) == {}
    assert names_by_end(connections(server_name=[SERVER], server_names=["a.example"])) == {f"{SERVER}:443": "a.example"}
    ends = connections(server=["2001:db8::1"] * 2, server_name=["[2001:db8::1]", "2001:db8::1"])
    assert names_by_end(ends.iloc[:1]) == names_by_end(ends.iloc[1:]) == {}


def test_ipv6_is_in_brackets_before_its_port() -> None:
    frame = connections(server=["2001:db8::1"], server_name=["six.example"])
    assert names_by_end(frame) == {"[2001:db8::1]:443": "six.example"}


@pytest.mark.parametrize("count", [0, 1])
def test_no_names_at_all(count: int) -> None:
    assert names_by_end(connections(server=[SERVER] * count)) == {}


def test_many_addresses_keep_their_own_names() -> None:
    """More addresses than fifteen bits hold."""
    addresses = [f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(70_000)]
    frame = connections(server=list(addresses), server_name=[f"n{i}.example" for i in range(70_000)])
    assert names_by_end(frame) == {f"{address}:443": f"n{i}.example" for i, address in enumerate(addresses)}


@given(st.text(max_size=300))
def test_any_name_is_visible_bounded_and_cannot_pose_as_our_words(name: str) -> None:
    text = clipped_name(name)
    assert len(text) <= 42
    assert all(unicodedata.category(mark) not in ("Cc", "Cf", "Zl", "Zp") for mark in text)
    if any(mark in name for mark in " ()\",'"):
        assert text[0] == text[-1] == '"'
        assert '"' not in text[1:-1]


def test_idn_is_shown_as_it_is() -> None:
    assert clipped_name("bücher.example") == "bücher.example"
    assert clipped_name("xn--bcher-kva.example") == "xn--bcher-kva.example"


def test_the_address_stays() -> None:
    assert beside(SERVER, "a.example") == f"{SERVER} (a.example)"
    assert beside(SERVER, "") == SERVER


def test_a_column_of_names_has_the_one_asked_for_first() -> None:
    frame = connections(server_name=["a" * 255, None, None], server_names=["x", "y, z\u202e", None])
    first, second, third = server_name_text(frame).tolist()
    assert first.startswith("a" * 60 + "…")
    assert (second, third) == ("y, z\\u202e", "")
