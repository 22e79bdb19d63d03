"""What ICMP errors are called, and how they stay with a frame."""

import json
import subprocess

import numpy as np
import pytest

from pcapframe.icmp import CODES, NO_QUOTES, QUOTE, TYPES, Quotes, error_name, read_quotes, written_quotes
from tests.builders import pcap
from tests.capture.test_icmp import error, error6

EVERY = [
    (protocol, kind, code)
    for protocol, types in TYPES.items()
    for kind in types
    for code in range(max(len(CODES.get((protocol, kind), ())), 1))
]


def test_names_are_those_of_wireshark(tmp_path):
    path = tmp_path / "names.pcap"
    frames = [(error if protocol == "ICMP" else error6)(kind, code) for protocol, kind, code in EVERY]
    path.write_bytes(pcap(list(enumerate(frames))))
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "_ws.col.Info"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    named = [" ".join(line.split()).removesuffix(" (flow control)") for line in lines]
    assert [error_name(*each) for each in EVERY] == named


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (("ICMP", 3, 16), "Destination unreachable (code 16)"),
        (("ICMP", 4, 1), "Source quench (code 1)"),
        (("ICMPv6", 2, 255), "Packet Too Big (code 255)"),
    ],
)
def test_unknown_codes_are_numbered(given, name):
    assert error_name(*given) == name


def test_quotes_are_kept_as_text():
    errors = np.array([(7, 2, 0, 1, 1400), (9, 0, 1, 0, -1)], QUOTE)
    quotes = Quotes(errors, ["a", "b"], ["192.0.2.1", "2001:db8::1"], 5)
    attrs = json.loads(json.dumps({"icmp_errors": written_quotes(quotes)}))
    found = read_quotes(attrs)
    assert found.errors.tolist() == errors.tolist()
    assert found[1:] == (["a", "b"], ["192.0.2.1", "2001:db8::1"], 5)
    assert read_quotes({}) is None
    assert read_quotes({"icmp_errors": written_quotes(NO_QUOTES)}).errors.size == 0
