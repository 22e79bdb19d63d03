"""A wheel carries compiled kernels: its first analysis and its first join compile nothing."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pcapframe.shipping import CLIENT_AT, DNS_ANSWER, IN_GRE, NAME_AT, REQUEST, SYN

ROOT = Path(__file__).parent.parent
# Kernels of rare captures: they are compiled where they are used.
RARE = {
    "capture.erf.walk",
    "capture.framing.find_inner_aggregates",
    "capture.framing.split_aggregates",
    "capture.snoop.walk",
    "joining.contents._note",
    "joining.echoes._count",
}
COMPILED = ROOT / "pcapframe" / "kernels"  # where CI compiles them, for all tests to use
ANALYSE = """
import sys, pcapframe
assert pcapframe.__file__.startswith(sys.argv[1]), pcapframe.__file__
for capture in sys.argv[2:]:
    assert len(pcapframe.analyze(capture, progress=False).packets)
points = [capture for capture in sys.argv[2:] if "points" in capture]
assert pcapframe.join_captures(dict(zip("ab", points, strict=True))).connections.shape[0]
"""


def build(place: Path, kernels: str | None) -> zipfile.ZipFile:
    """Build a wheel as pip does, with what is installed here."""
    environment = {name: value for name, value in os.environ.items() if name != "PCAPFRAME_KERNELS"}
    if kernels is not None:
        environment["PCAPFRAME_KERNELS"] = kernels
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = place.glob("*.whl")
    return zipfile.ZipFile(wheel)


def kernels_in(wheel: zipfile.ZipFile) -> list[str]:
    return [Path(name).name for name in wheel.namelist() if name.startswith("pcapframe/kernels/")]


def test_the_first_analysis_with_a_wheel_compiles_nothing(tmp_path: Path) -> None:
    wheel = build(tmp_path / "dist", str(COMPILED) if COMPILED.is_dir() else None)
    assert len(kernels_in(wheel)) > 30
    wheel.extractall(tmp_path / "installed")
    captures = [str(path) for path in sorted((ROOT / "data").glob("**/*.pcap*"))]
    installed = {"PYTHONPATH": str(tmp_path / "installed"), "PCAPFRAME_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", ANALYSE, str(tmp_path / "installed"), *captures],
        cwd=tmp_path,
        env={**os.environ, **installed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "cache").exists()


def kernels_in_the_sources() -> set[str]:
    """All functions that Python calls and Numba compiles, by their modules."""
    found = set()
    for path in (ROOT / "pcapframe").glob("**/*.py"):
        module = ".".join(path.relative_to(ROOT / "pcapframe").with_suffix("").parts)
        found |= {f"{module}.{name}" for name in re.findall(r"^@jit\ndef (\w+)", path.read_text(), re.MULTILINE)}
    return found


@pytest.mark.skipif(not COMPILED.is_dir(), reason="no kernels were compiled for a wheel; CI does")
def test_a_wheel_has_all_kernels_but_those_of_rare_captures() -> None:
    shipped = {path.name.rpartition("-")[0] for path in COMPILED.glob("*.kernel")}
    assert len(kernels_in_the_sources()) > 90
    assert kernels_in_the_sources() - shipped == RARE


def test_the_made_packets_are_what_they_are_for() -> None:
    ether = pytest.importorskip("scapy.all").Ether
    assert ether(IN_GRE)["GRE"]["IP"].dst == "192.0.2.3"
    assert ether(IN_GRE)["IP"].len == len(ether(IN_GRE)["IP"])
    assert ether(SYN)["TCP"].flags == "S"
    assert bytes(ether(REQUEST)["TCP"].payload).startswith(b"GET / HTTP/1.1\r\nHost: n0")
    assert REQUEST[NAME_AT - 1 : NAME_AT + 7] == b"n0000000"
    assert ether(REQUEST)["IP"].len == len(ether(REQUEST)["IP"])
    assert SYN[CLIENT_AT - 1 : CLIENT_AT + 3] == bytes([10, 0, 0, 0])


def test_a_wheel_takes_kernels_that_others_have_compiled(tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    for name in ("a.kernel", "b.kernel", "notes.txt"):
        (tmp_path / "others" / name).write_text(name)
    wheel = build(tmp_path / "dist", str(tmp_path / "others"))
    assert sorted(kernels_in(wheel)) == ["a.kernel", "b.kernel"]
    assert wheel.read("pcapframe/kernels/a.kernel") == b"a.kernel"


def test_a_wheel_without_kernels(tmp_path: Path) -> None:
    assert kernels_in(build(tmp_path / "dist", "none")) == []


def test_the_made_packet_is_an_answer_of_dns() -> None:
    packet = pytest.importorskip("scapy.all").Ether(DNS_ANSWER)
    assert packet["IP"].len == len(packet["IP"]) == packet["UDP"].len + 20
    assert packet["DNS"].an[0].rdata == "192.0.2.1"
    assert packet["DNS"].an[0].rrname == b"a.example."
