"""Compile kernels for a wheel to carry, so that nobody waits for them at their first capture.

``python -m pcapframe.shipping FOLDER`` analyses the captures that ship with the package in a process that compiles for
any processor of this kind, and leaves the compiled kernels in FOLDER. Building a wheel runs it (``hatch_build.py``),
for the Python and the Numba that build. Files from several machines can stand in one folder: each is named by what it
needs (see ``kernel_cache``), and where none fits, kernels are compiled at first use.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from pcapframe.analysis import analyze, resends, rst_evidence
from pcapframe.capture.link_types import LINK_ETHERNET
from pcapframe.capture.writer import pcap_header
from pcapframe.examples import FOLDERS, example
from pcapframe.extraction import write_pcap
from pcapframe.joining import join_captures
from pcapframe.kernel_cache import ANY_PROCESSOR
from pcapframe.packets import read_pcap

__all__ = ["compile_into", "use_kernels"]

# An answer to a query for a.example, in IPv4 and Ethernet: the captures have none.
DNS_ANSWER = bytes.fromhex(
    "020000000001 020000000002 0800"
    "45000047000000004011 0000 c6336401 c0000201"
    "0035 9c40 0033 0000"
    "0001 8180 0001 0001 0000 0000 0161 076578616d706c65 00 0001 0001 c00c 0001 0001 0000003c 0004 c0000201"
)
# An Ethernet frame in GRE: what is in tunnels has a kernel of its own.
IN_GRE = bytes.fromhex(
    "020000000001 020000000002 0800 4500003a00000000402f0000 c6336401 c0000201 00006558"
    "020000000001 020000000002 0800 45000014000000004006 0000 c0000202 c0000203"
)
# A data frame of IEEE 802.11 with IPv4; other link types than the common ones have one too.
WIRELESS = bytes.fromhex(
    "08000000 020000000001 020000000002 020000000003 0000 aaaa030000000800 450000140000000040060000 c0000202 c0000203"
)
LINK_WIRELESS = 105
RECORD = struct.Struct("<IIII")  # time [s, ns], captured and original length [bytes]
# What each client of a long capture sends: a SYN, and a request for a name of its own.
ETHERNET = "020000000001 020000000002 0800"
SYN = bytes.fromhex(f"{ETHERNET} 450000280000000040060000 0a000000 c0000201 0400005000000000000000005002ffff00000000")
REQUEST_HEADERS = f"{ETHERNET} 450000520000000040060000 0a000000 c0000201 0400005000000001000000015018ffff00000000"
REQUEST = bytes.fromhex(REQUEST_HEADERS) + b"GET / HTTP/1.1\r\nHost: n0000000.example\r\n\r\n"
CLIENTS = 40_000  # so many that all tables grow, and that several threads read
CLIENT_AT, NAME_AT, ANSWER_AT = 27, 77, -3  # the last bytes of an address, digits of a name
USE = "from pcapframe.shipping import use_kernels; use_kernels()"


def compile_into(folder: Path) -> int:
    """Compile the kernels that most captures need, for any processor of this kind.

    Parameters
    ----------
    folder : Path
        Where they go; made if need be. Files that are there stay.

    Returns
    -------
    int
        How many there are now.

    Raises
    ------
    subprocess.CalledProcessError
        They could not be compiled.
    """
    processor, features = ANY_PROCESSOR
    target = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features, "PCAPFRAME_THREADS": "2"}
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, **target, "PCAPFRAME_CACHE_DIR": cache}
        subprocess.run([sys.executable, "-c", USE], env=environment, check=True)
        folder.mkdir(parents=True, exist_ok=True)
        for kernel in Path(cache).glob("kernels/*.kernel"):
            shutil.copy(kernel, folder)
    return len(list(folder.glob("*.kernel")))


def use_kernels() -> None:
    """Use the kernels that most captures need: analyse the captures of the package, save packets and join captures."""
    for capture in (file for folder in FOLDERS for file in sorted(folder.glob("**/*.pcap*"))):
        analysis = analyze(capture, progress=False)
        rst_evidence(analysis)
        resends(analysis)
    packets = read_pcap(example("losses.pcap"))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made.pcap")
        for link_type, records in (
            (LINK_ETHERNET, _one(IN_GRE)),
            (LINK_WIRELESS, _one(WIRELESS)),
            (LINK_ETHERNET, _many()),
        ):
            made.write_bytes(pcap_header(link_type, 1 << 16) + records)
            analyze(made, progress=False)
        write_pcap(packets.iloc[: len(packets) // 2], made)
    join_captures({point: example(f"points/{point}.pcap.gz") for point in ("client", "middle")})
    join_captures({point: example("mirrored.pcap.gz") for point in ("client", "middle")})


def _one(packet: bytes) -> bytes:
    """Return a record."""
    return RECORD.pack(0, 0, len(packet), len(packet)) + packet


def _many() -> bytes:
    """Return the records of `CLIENTS` clients, each with an address and a name of its own, which DNS answers with."""
    parts = [np.tile(np.frombuffer(_one(packet), np.uint8), (CLIENTS, 1)) for packet in (SYN, REQUEST, DNS_ANSWER)]
    syn, request, answer = parts
    numbers = np.arange(CLIENTS)
    address = np.stack([numbers >> 16 & 0xFF, numbers >> 8 & 0xFF, numbers & 0xFF], axis=1)
    syn[:, CLIENT_AT + RECORD.size :][:, :3] = request[:, CLIENT_AT + RECORD.size :][:, :3] = address
    answer[:, ANSWER_AT:] = address
    digits = np.stack([numbers // 10**power % 10 for power in range(6, -1, -1)], axis=1) + ord("0")
    request[:, NAME_AT + RECORD.size :][:, :7] = digits
    return np.concatenate(parts, axis=1).tobytes()


if __name__ == "__main__":
    print(f"{compile_into(Path(sys.argv[1]))} kernels in {sys.argv[1]}")  # noqa: T201
