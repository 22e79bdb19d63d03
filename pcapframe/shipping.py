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
RECORD = struct.Struct("<IIII")  # time [s, ns], captured and original length [bytes]
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
    losses = example("losses.pcap")
    packets = read_pcap(losses)
    with tempfile.TemporaryDirectory() as folder:
        answer, saved = Path(folder, "answer.pcap"), Path(folder, "saved.pcap")
        size = len(DNS_ANSWER)
        answer.write_bytes(pcap_header(LINK_ETHERNET, size) + RECORD.pack(0, 0, size, size) + DNS_ANSWER)
        analyze(answer, progress=False)
        write_pcap(packets.iloc[: len(packets) // 2], saved)
    join_captures({point: example(f"points/{point}.pcap.gz") for point in ("client", "middle")})


if __name__ == "__main__":
    print(f"{compile_into(Path(sys.argv[1]))} kernels in {sys.argv[1]}")  # noqa: T201
