"""The table of link types: their names, and a new one, which is a function and a row."""

import os
import subprocess
import sys

from pcapframe.capture.link_types import LINK_TYPES, is_undecoded, link_name

# A link type of a lab: two bytes of its own, then IP.
TOY = """
import warnings
from pcapframe.capture.link import by_version
from pcapframe.capture.link_types import LINK_TYPES, LinkType
from pcapframe.jit import inner_jit

@inner_jit
def toy(buffer, at, end):
    return by_version(buffer, at + 2, end), at + 2

LINK_TYPES[147] = LinkType("toy", toy)

import pcapframe as pf
from tests.builders import packet, pcap

warnings.simplefilter("error")
packets = pf.read_pcap(pcap([(0, b"xx" + packet(seq=7)[14:])], link_type=147))
info = pf.capture_info(packets)
print(packets.loc[1, "src"], packets.loc[1, "seq"], info.link_types, info.link_type_numbers, info.notes)
"""


def test_a_new_link_type_is_a_function_and_a_row(tmp_path):
    environment = {**os.environ, "PCAPFRAME_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", TOY]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stdout == "192.0.2.1 7 ['toy'] [147] []\n", done.stderr


def test_names():
    assert link_name(1) == LINK_TYPES[1].name == "Ethernet"
    assert link_name(147) == "link type 147"


def test_what_is_not_decoded_is_told_by_its_protocol():
    assert [name for name in ("TCP", "link type 147", "other", "other link types") if is_undecoded(name)] == [
        "link type 147",
        "other link types",
    ]
