"""Captures by URL: what may be asked for, which hosts may be asked, and what is shown of a URL."""

import ipaddress
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.capture.remote import RemoteCapture, is_public, is_url, masked_url, public_addresses
from pcapframe.errors import ParameterError, RemoteCaptureError


@pytest.mark.parametrize(
    "text",
    """0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.8.8.8 168.63.129.16 169.254.169.254 172.16.0.1
    192.0.0.192 192.168.1.1 198.18.0.1 203.0.113.9 224.0.0.1 239.1.2.3 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:7f00:1:: fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1
    ff02::1 ff0e::1 2001:db8::1""".split(),
)  # fmt: skip
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(text: str) -> None:
    assert is_public(text)


@given(st.ip_addresses(v=4))
def test_an_address_is_public_however_ipv6_carries_it(address: ipaddress.IPv4Address) -> None:
    carried = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    translated = ipaddress.IPv6Address(b"\0\x64\xff\x9b" + b"\0" * 8 + address.packed)
    assert is_public(str(address)) == is_public(str(carried)) == is_public(str(translated))


def test_one_address_that_is_not_public_refuses_a_host_unless_it_is_allowed() -> None:
    found = ["8.8.8.8", "8.8.8.8", "10.0.0.1"]
    with pytest.raises(RemoteCaptureError, match=r"the host Lab\.example\. is not a public one"):
        public_addresses(RemoteCapture("http://lab.example/a"), "Lab.example.", found)
    allowed = RemoteCapture("http://lab.example/a", allow_hosts=("LAB.example",))
    assert public_addresses(allowed, "Lab.example.", found) == ["8.8.8.8", "10.0.0.1"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a.pcap", "https://example.com/a.pcap"),
        ("https://u:p@w@example.com:8443/a?x=1#frag", "https://***@example.com:8443/a?x=1"),
        (
            "http://example.com?api_key=1&X-Amz-Credential=2&n=3",
            "http://example.com?api_key=***&X-Amz-Credential=***&n=3",
        ),
        ("http://u@example.com", "http://***@example.com"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]/a"),
        ("http:/odd", "http:/odd"),
    ],
)
def test_masking(url: str, shown: str) -> None:
    assert masked_url(url) == shown


@given(st.text(st.characters(exclude_characters="/?#@"), min_size=8), st.text())
def test_user_and_password_are_never_shown(hush: str, path: str) -> None:
    assert f"{hush}@" not in masked_url(f"https://{hush}@host/{path.replace(hush, '')}")


@pytest.mark.parametrize("text", ["http://a", "HTTPS://a", "https://a b"])
def test_urls(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["a.pcap", "http:a", "file:///a", "ftp://a", "httpx://a", Path("http://a"), b"http://a", None]
)
def test_no_urls(text: object) -> None:
    assert not is_url(text)


def test_arguments_that_cannot_be_meant() -> None:
    with pytest.raises(ParameterError, match="expected http:// or https://"):
        RemoteCapture("capture.pcap")
    with pytest.raises(ParameterError, match="expected a sequence"):
        RemoteCapture("http://a", allow_hosts="localhost")  # type: ignore[arg-type]


NO_NUMBERS = [0, -1, math.nan, math.inf, -math.inf, 1e300, 10**30, True, "1", None]


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("bound", ["max_bytes", "max_decompressed_bytes", "max_memory_bytes", "max_seconds"])
def test_bounds_beyond_reason(bound: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"{bound} is .*: expected .* at most"):
        RemoteCapture("http://a", **{bound: value})


def test_bounds_within_reason() -> None:
    capture = RemoteCapture("http://a", max_bytes=1, max_memory_bytes=1 << 50, max_seconds=0.1)
    capture.claim(1 << 50, 1)
    with pytest.raises(RemoteCaptureError, match=r"http://a: takes 3 MiB of memory after 1,234 packets, .* 2 MiB"):
        RemoteCapture("http://a", max_memory_bytes=2 << 20).claim((2 << 20) + 1, 1234)
