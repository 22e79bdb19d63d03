"""Files that are no capture read here are called what they are."""

import gzip
import io
import lzma
import re
import subprocess
import tarfile
import zipfile

import pytest

from pcapframe.capture.other_formats import name_format
from pcapframe.errors import CaptureFormatError
from pcapframe.examples import example
from pcapframe.packets import read_pcap
from tests.builders import Conversation, pcap

CAPTURE = pcap(Conversation().handshake())
EDITCAP = "editcap -F pcapng IN OUT"


def tar(form: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        entry = tarfile.TarInfo("a.pcap")
        entry.size = len(CAPTURE)
        archive.addfile(entry, io.BytesIO(CAPTURE))
    return made.getvalue()


def zip_file() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.pcap", CAPTURE)
    return made.getvalue()


def old_tar() -> bytes:
    """A tar archive of before POSIX, which has no magic number."""
    header = bytearray(tar(tarfile.USTAR_FORMAT))
    header[257:512] = bytes(255)
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header[:512]):06o}\0 ".encode()
    return bytes(header)


@pytest.mark.parametrize(
    ("start", "name"),
    [  # as editcap 4.0 writes them, or as wiretap's sources have the magic numbers
        ("aaaaaaaa20000000", "5View"),
        ("52545353010101", "NetMon 1"),
        ("474d425500020100", "NetMon 2"),
        ("5452534e4946462064617461202020201a01", "Sniffer (DOS)"),
        ("58435000303031", "NetXRay or Sniffer (Windows)"),
        ("564c0000", "NetXRay 1"),
        ("4f62736572766572506b74427566666572", "Observer"),
        ("01104c000105547261636520446973706c61792054726163652046696c65", "LANalyzer"),
        ("42d20034126622880000", "RADCOM"),
        ("5452006400000000", "nettl"),
        ("05564e4608000000", "Visual Networks"),
        ("7f766572", "Savvius"),
        ("63707365", "Capsa"),
        ("0000020012050010", "rf5"),
        ("2b2d2d2d2d2d2d2d2d2d2b2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2b2d2d2d2d2d2d2d2d2d2d2b", "K12 text"),
        ("53657373696f6e205472616e736372697074", "Catapult"),
        ("5630323038", "Aethra"),
        ("6274736e6f6f7000", "btsnoop"),
        ("45796553444e", "EyeSDN"),
        ("697074726163652032", "iptrace"),
        ("4c4f4747900000", "BLF"),
        ("234f726d61743d", None),
        ("23466f726d61743d34", "Daintree"),
        (b"I/ActivityManager( 585): Starting".hex(), "logcat"),
        (b"11-28 20:15:00.123  1234  1250 D Wifi: up".hex(), "logcat"),
        (b"***BUSMASTER Ver 3.2.2***".hex(), "BUSMASTER"),
        ("4e004e0000b20701010000000000000000000000020000000002", "CommView"),
        ("4e000000e8070b1c0102030000000000020000000002000000", "CommView"),
        ("07655376000137e145c0", "pppd"),
        ("2d2d2d2d2d2d2d2d2d20626567696e6e696e67206f66206d61696e", "logcat"),
        # NSPR_SIGSTR_V10 to V35 of wiretap/netscaler.c, behind the header of their record
        ("00102800" + 12 * "00" + b"NetScaler Performance Data".hex(), "NetScaler"),
        ("0120" + b"NetScaler V20 Performance Data".hex(), "NetScaler"),
        ("0120" + b"Netscaler V30 Performance Data".hex(), "NetScaler"),
        ("0120" + b"Netscaler V35 Performance Data".hex(), "NetScaler"),
        # the headers of wiretap/peekclassic.c
        ("0700" + "00001000 00000002 c5000000 00000000 00000000" + 12 * "00" + "05f5e100" + 12 * "00", "Savvius"),
        ("8500" + "00001000 00000002 c5000000 00000000 00000000 00000000 00000001" + 20 * "00", "Savvius"),
        (b'<?xml version="1.0"?>\n<traceCollecFile xmlns="x">'.hex(), "3GPP"),
        (b'<?xml version="1.0"?>\n<dump>'.hex(), "Gammu"),
        ("28313730303030303030302e3129206361 6e30203132332330303031".replace(" ", ""), "candump"),
    ],
)
def test_captures_of_other_formats(start, name):
    said = name_format(bytes.fromhex(start))
    assert (EDITCAP in said) == (name is not None)
    assert name is None or name in said


# The link types of those formats of editcap that hold no Ethernet, and formats that it does not make of other captures.
ENCAPSULATIONS = {"btsnoop": "bluetooth-h4-linux", "eyesdn": "isdn"}
NOT_MADE = ("erf", "dct2000", "rf5", "logcat", "nstrace")
READ = {"pcap", "pcapng", "modpcap", "nokiapcap", "nsecpcap", "rh6_1pcap", "snoop", "suse6_3pcap"}


@pytest.mark.needs_program("editcap")
def test_formats_that_editcap_writes_are_read_or_named(tmp_path):
    listed = subprocess.run(["editcap", "-F"], capture_output=True, text=True, check=False)
    names = re.findall(r"^ +(\S+) - ", listed.stdout + listed.stderr, re.MULTILINE)
    assert set(names) >= READ
    capture = example("resets.pcap")
    packets = len(read_pcap(capture, progress=False))
    said = {}
    for name in names:
        if name.startswith(NOT_MADE):
            continue
        made = tmp_path / name
        command = ["editcap", "-F", name, "-T", ENCAPSULATIONS.get(name, "ether"), capture, made]
        subprocess.run(command, capture_output=True, check=True)
        try:
            said[name] = len(read_pcap(made, progress=False))
        except CaptureFormatError as error:
            said[name] = EDITCAP in str(error)
    assert said == {name: packets if name in READ else True for name in said}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (tar(tarfile.USTAR_FORMAT), "tar archive"),
        (tar(tarfile.GNU_FORMAT), "tar archive"),
        (tar(tarfile.PAX_FORMAT), "tar archive"),
        (old_tar(), "tar archive"),
        (gzip.compress(tar(tarfile.GNU_FORMAT)), "tar archive"),
        (zip_file(), "ZIP archive"),
        (bytes.fromhex("377abcaf271c0004") + bytes(99), "7-Zip archive"),
        (b"Rar!\x1a\x07\x01\0" + bytes(99), "RAR archive"),
        (gzip.compress(gzip.compress(CAPTURE)), "compressed twice"),
        (lzma.compress(CAPTURE, lzma.FORMAT_ALONE), "LZMA"),
        (b"\x7fELF\x02\x01\x01" + bytes(99), "ELF program"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "PNG image"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"PAR1" + bytes(99), "Parquet"),
        (b"<!DOCTYPE html>\n<html><head>", "an HTML page"),
        (b"\n <HTML>", "an HTML page"),
        (b'<?xml version="1.0"?>\n<pdml version="0">', "PDML"),
        (b'<?xml version="1.0"?>\n<note>', "is XML"),
        (b'[\n {"_index": "packets", "_source": {"layers": {', "JSON, which has dissected packets"),
        (b'{"ts": 1}', "is JSON,"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", "pointer of Git LFS"),
        (b"/annex/objects/SHA256E-s1--2.pcap\n", "pointer of git-annex"),
        (b"12:01:02.000001 IP 192.0.2.1.80 > 192.0.2.2.99: Flags [S]\n", "what tcpdump printed"),
        (b"    1   0.000000 192.0.2.1 \xe2\x86\x92 192.0.2.2 TCP 74 80\n", "what tshark printed"),
        (b"Frame 1: 74 bytes on wire (592 bits)", "what tshark printed"),
        (b"0000  02 00 00 00 00 01 02 00  00 00 00 02 08 00\n", "a hex dump"),
        (b"\t0x0000:  4500 003c 1c46 4000 4006\n", "a hex dump"),
        (b"1MOyoQIABAAAAAAAAAAAAAAABAABAAAA", "base64"),
        ("capture".encode("utf-16"), "UTF-16"),
        (b"Once upon a time", "is text"),
        (CAPTURE.decode("latin-1").encode(), "copied as text"),
        (CAPTURE.decode("utf-8", "replace").encode(), "copied as text"),
        (bytes(300), "begins with 300 zeros"),
        (b"\x01\x02\x03\x04\x05", "is not a capture: begins with 01 02 03 04"),
    ],
)
def test_other_files(data, said):
    with pytest.raises(CaptureFormatError) as caught:
        read_pcap(data)
    assert said in str(caught.value)
    assert EDITCAP not in str(caught.value)
