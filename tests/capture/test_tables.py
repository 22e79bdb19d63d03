"""The tables of layers: a new one is a function and a row."""

import os
import subprocess
import sys

# Layers of a lab: each has two bytes of its own, then IP.
TOYS = """
import warnings
from pcapframe import kernel_cache
compiled_of = kernel_cache.source_digest  # kernels that decode are compiled anew: those on disk do not know the toys
kernel_cache.source_digest = lambda file: None if "capture" in file.rsplit("pcapframe", 1)[1] else compiled_of(file)
from pcapframe.capture.link import by_version
from pcapframe.capture.link_types import LINK_TYPES, LinkType
from pcapframe.capture.shims import SHIMS
from pcapframe.capture.tables import Layer
from pcapframe.capture.tunnels import GRE_PAYLOADS, IP_TUNNELS, UDP_TUNNELS
from pcapframe.jit import inner_jit

@inner_jit
def toy(buffer, at, end):
    return by_version(buffer, at + 2, end), at + 2

# Few others, so that less is compiled: Ethernet, MACsec, GRE.
for table, kept in zip((LINK_TYPES, SHIMS, IP_TUNNELS, GRE_PAYLOADS, UDP_TUNNELS), (1, 0x88E5, 47, None, None)):
    for number in set(table) - {kept}:
        del table[number]
LINK_TYPES[147] = LinkType("toy", toy)
SHIMS[0x1234] = Layer("toy shim", toy)
IP_TUNNELS[253] = Layer("toy tunnel", toy)
GRE_PAYLOADS[0x4321] = Layer("toy payload", toy)
UDP_TUNNELS[7777] = Layer("toy port", toy)

import pcapframe as pf
from tests.builders import ethernet, ipv4, packet, pcap, udp

warnings.simplefilter("error")
ip = packet(seq=7)[14:]
outer = ("203.0.113.1", "203.0.113.2")
captures = [
    pcap([(0, b"xx" + ip)], link_type=147),
    pcap([
        (0, ethernet(b"xx" + ip, 0x1234)),
        (0, ethernet(ipv4(*outer, 253, b"xx" + ip))),
        (0, ethernet(ipv4(*outer, 47, bytes.fromhex("0000 4321") + b"xx" + ip))),
        (0, ethernet(ipv4(*outer, 17, udp(*outer, 9, 7777, b"xx" + ip + bytes(8))))),
    ]),
]
for capture in captures:
    packets = pf.read_pcap(capture, progress=False)
    for src, seq, outer_src, tunnel in zip(packets["src"], packets["seq"], packets["outer_src"], packets["tunnel"]):
        print(src, seq, outer_src, tunnel)
    info = pf.capture_info(packets)
    print(info.link_types, info.link_type_numbers, info.notes)
own = pcap([(0, ethernet(ipv4(*outer, 17, udp(*outer, 9, 8888, b"xx" + ip + bytes(8)))))])
print(pf.read_pcap(own, decode_as="udp.port=8888,Toy port", progress=False)["tunnel"].tolist())
"""
FOUND = """\
192.0.2.1 7 nan nan
['toy'] [147] []
192.0.2.1 7 nan nan
192.0.2.1 7 203.0.113.1 toy tunnel
192.0.2.1 7 203.0.113.1 GRE/toy payload
192.0.2.1 7 203.0.113.1 toy port
['Ethernet'] [1] []
['toy port']
"""


def test_a_new_layer_is_a_function_and_a_row():
    # One thread: no second process compiles what judges segments.
    environment = {**os.environ, "PCAPFRAME_THREADS": "1", "NUMBA_OPT": "0"}
    done = subprocess.run([sys.executable, "-c", TOYS], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout == FOUND, done.stderr
