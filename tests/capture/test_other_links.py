"""Every link type of libpcap's registry is decoded, named as one that may carry IP, or known to carry none."""

import pytest

from pcapframe.capture.link_types import LINK_TYPES, is_undecoded, link_name
from pcapframe.capture.other_links import OF_USERS, UNDECODED_LINKS, WITHOUT_IP, is_without_ip
from tests.capture.rows import row

# LINKTYPE numbers of libpcap 1.10.5 (pcap-common.c) and of the registry on tcpdump.org since: all from 104 on.
REGISTERED = {*range(11), 50, 51, *range(99, 302)}
OF_SYSTEMS = {11, 12, 14, 19}  # DLT numbers of some systems that stand in captures


def test_every_registered_number_is_in_one_table():
    decoded = [number for number in LINK_TYPES if number < 1 << 16]
    numbers = [*decoded, *UNDECODED_LINKS, *WITHOUT_IP, *sorted({*OF_USERS} - {*decoded})]
    assert sorted(numbers) == sorted(REGISTERED | OF_SYSTEMS)


@pytest.mark.filterwarnings("ignore:.*is not decoded")
def test_what_carries_no_ip_is_not_said_to_be_unknown():
    can = row(bytes(16), 227)
    assert (can["protocol"], can["undecoded"]) == ("link type 227 (SocketCAN)", None)
    assert is_without_ip(link_name(227))
    assert not is_undecoded(link_name(227))


@pytest.mark.filterwarnings("ignore:.*is not decoded")
@pytest.mark.parametrize("number", [195, 147, 400])
def test_what_may_carry_ip_is_said_with_its_number(number):
    found = row(bytes(60), number)
    assert found["protocol"] == found["undecoded"] == link_name(number)
    assert str(number) in link_name(number)


def test_names():
    assert link_name(195) == "link type 195 (802.15.4)"
    assert not is_without_ip("TCP")
    assert not is_without_ip("link type x")
