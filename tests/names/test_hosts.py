from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.connections import build_connections
from pcapframe.names.hosts import names_of_block, read_hosts
from tests.builders import Conversation, Pcapng


def test_lines(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(
        b"127.0.0.1 localhost\n\n  # nothing\n2001:DB8:0::1%eth0 six six.example\n::ffff:192.0.2.1\tmapped\n"
        b"192.0.2.7 evil\x1b[31m \xff\n"
    )
    assert read_hosts(file) == [
        ("127.0.0.1", "localhost"),
        ("2001:db8::1", "six"),
        ("2001:db8::1", "six.example"),
        ("::ffff:192.0.2.1", "mapped"),
        ("192.0.2.7", "evil\x1b[31m"),
        ("192.0.2.7", "\\xff"),
    ]


@pytest.mark.parametrize("line", ["localhost 127.0.0.1", "192.0.2.1", "1.2.3 x", "\x00"])
def test_other_files(tmp_path: Path, line: str) -> None:
    file = tmp_path / "hosts"
    file.write_text(f"# names\n{line}\n")
    with pytest.raises(pf.ParameterError, match="line 2"):
        read_hosts(file)
    with pytest.raises(pf.ParameterError):
        read_hosts(tmp_path)


def block(order: str, *records: tuple[int, bytes]) -> bytes:
    made = b""
    for kind, value in records:
        made += kind.to_bytes(2, order) + len(value).to_bytes(2, order) + value + bytes(-len(value) % 4)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("order", ["little", "big"])
def test_records_of_a_block(order: str) -> None:
    six = bytes.fromhex("20010db8000000000000000000000001")
    made = block(
        order, (1, b"\xc0\0\2\1a.example\0b.example\0"), (9, b"?"), (2, six + b"six\0"), (0, b""), (1, b"\xc0\0\2\2z\0")
    )
    assert names_of_block(made, order == "big") == [
        ("192.0.2.1", "a.example"),
        ("192.0.2.1", "b.example"),
        ("2001:db8::1", "six"),
    ]


@pytest.mark.parametrize("cut", range(20))
def test_blocks_that_are_cut_off(cut: int) -> None:
    whole = block("little", (1, b"\xc0\0\2\1a.example\0"), (0, b""))
    assert names_of_block(whole[:cut], False) in ([], [("192.0.2.1", "a.example")])


@pytest.mark.parametrize("big_endian", [False, True])
def test_blocks_of_a_capture(big_endian: bool) -> None:
    ng = Pcapng(big_endian)
    order = "big" if big_endian else "little"
    frames = list(Conversation("192.0.2.1", server="198.51.100.1").handshake())
    packets = [ng.enhanced(int(time * 1e6), data) for time, data in frames]
    names = ng.block(4, block(order, (1, b"\xc6\x33\x64\x01web.example\0"), (1, b"\xcb\0\x71\1other\0"), (0, b"")))
    found = build_connections(
        pf.label_segments(pf.read_pcap(b"".join([ng.section(), ng.interface(), *packets, names])))
    )
    assert found["server_names"].tolist() == ["web.example"]
    assert found["client_names"].isna().all()
