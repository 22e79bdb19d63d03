"""What a file is that is neither of the formats read here: named by its first bytes, with what turns it into a capture.

Captures are those that Wireshark reads (wiretap/file_access.c lists them); its ``editcap`` converts them.
"""

import re

__all__ = ["LOOKED_AT", "name_format"]

LOOKED_AT = 4096  # bytes from the beginning
EXPECTED = "expected a pcap or pcapng capture"
CONVERT = "Wireshark's editcap converts it: editcap -F pcapng IN OUT"

# First bytes of captures of other formats.
CAPTURES = {
    b"snoop\0\0\0": "a capture of Finisar Surveyor, or a snoop capture of an uncommon kind",
    b"RTSS": "a Microsoft NetMon 1.x capture",
    b"GMBU": "a Microsoft NetMon 2.x capture",
    b"TRSNIFF data    \x1a": "a Sniffer (DOS) capture",
    b"XCP\0": "a NetXRay or Sniffer (Windows) capture",
    b"VL\0\0": "a NetXRay 1.0 capture",
    b"ObserverPktBuffe": "a Network Instruments Observer capture",
    b"\xaa\xaa\xaa\xaa": "an InfoVista 5View capture",
    b"\x42\xd2\x00\x34\x12\x66\x22\x88": "a RADCOM WAN/LAN analyzer capture",
    b"TR\0\x64": "an HP-UX nettl trace",
    b"\x05VNF": "a Visual Networks capture",
    b"\x7fver": "a Savvius (WildPackets *Peek) capture",
    b"cpse": "a Colasoft Capsa capture",
    b"\x00\x00\x02\x00\x12\x05\x00\x10": "a Tektronix K12xx .rf5 capture",
    b"+---------+---------------+----------+": "a K12 text capture",
    b"Session Transcript": "a Catapult DCT2000 trace",
    b"V0208": "an Aethra .aps capture",
    b"btsnoop\0": "a Bluetooth btsnoop capture",
    b"EyeSDN": "an EyeSDN ISDN trace",
    b"iptrace ": "an AIX iptrace capture",
    b"LOGG": "a Vector BLF log",
    b"#Format=": "a Daintree SNA capture",
    b"ETHERWATCH ": "a DBS Etherwatch (VMS) trace",
    b"LPKSHHRH": "a systemd journal",
    b"DLT\x01": "an AUTOSAR DLT log",
    b"PML_": "a Process Monitor log",
    b"#!rtpplay1.0": "an rtpdump capture",
    b"SDJ1": "a packet log",
    b";$FILEVERSION=": "a PEAK CAN trace",
    b"TTL ": "a TTTech TTL log",
    b"\x78\x9f\x3e\x22": "a TNEF message",
}
# Where it is not at the beginning: place, bytes.
CAPTURES_WITHIN = (
    (6, b"Trace Display Trace File", "a Novell LANalyzer capture"),
    (6, b"Cyclic Trace", "a Novell LANalyzer capture"),
)
NETSCALER = re.compile(rb"Net[Ss]caler (V\d\d )?P")  # somewhere in the first page, by version
TEXT_CAPTURES = (
    (rb"<([\w.]+:)?traceCollecFile\b|fileFormatVersion=.32\.423", "a 3GPP TS 32.423 trace"),
    (rb"\A<\?xml[^>]*>\s*<dump>", "a Gammu DCT3 trace"),
    (rb"TCPIPtrace", "a TCPIPtrace (VMS) trace"),
    (rb"T R A C E\b.*|\[No\.\]", "a Toshiba ISDN router trace"),
    (rb"(PRI|RECV|XMIT)-(XMIT|RCV)?-?\d*:|WD_DIALOUT_DISP", "a Lucent/Ascend access server trace"),
    (rb"\w+\(i\) len=\d+:", "a NetScreen snoop text capture"),
    (rb"l2-(rx|tx) \(", "a CoSine IPSX L2 capture"),
    (rb"COMMUNICATIONS TRACE", "an IBM iSeries communications trace"),
    (rb"^--------- beginning of ", "an Android logcat log"),
    (rb"\A([VDIWEF]/.+\( *\d+\): |\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +\d+ +\d+ [VDIWEF] )", "an Android logcat log"),
    (rb"\A\*\*\*BUSMASTER", "a BUSMASTER log"),
    (rb"^\(\d+\.\d+\) \w+ [0-9A-Fa-f]+#", "a candump log"),
)
# The older format of Savvius has no magic number: a version (its high bit is EtherHelp's), two numbers that are 0 or 1,
# and zeros.
PEEK_CLASSIC = re.compile(rb"[\x05-\x07\x85-\x87].{21}\0{3}[\0\1]\0{3}[\0\1].{8}\0{12}", re.DOTALL)
PPPDUMP = re.compile(rb"\x07....[\x01-\x06]", re.DOTALL)

ARCHIVES = {
    b"PK\x03\x04": "a ZIP archive", b"PK\x05\x06": "an empty ZIP archive", b"PK\x07\x08": "a ZIP archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive", b"Rar!\x1a\x07": "a RAR archive", b"MSCF": "a Windows cabinet (CAB)",
    b"!<arch>\n": "an ar archive", b"070701": "a cpio archive", b"070707": "a cpio archive",
}  # fmt: skip
COMPRESSED = {
    b"\x1f\x9d": ("compressed by compress", "uncompress"), b"LZIP": ("compressed by lzip", "lzip -d"),
    b"\x89LZO\0\r\n\x1a\n": ("compressed by lzop", "lzop -d"), b"\x5d\x00\x00": ("compressed as LZMA", "unlzma"),
    b"\xff\x06\x00\x00sNaPpY": ("compressed by snappy", "snzip -d"), b"\x1f\x8b": ("compressed twice", "gzip -d"),
    b"BZh": ("compressed twice", "bzip2 -d"), b"\xfd7zXZ\0": ("compressed twice", "xz -d"),
    b"\x28\xb5\x2f\xfd": ("compressed twice", "zstd -d"), b"\x04\x22\x4d\x18": ("compressed twice", "lz4 -d"),
}  # fmt: skip
FILES = {
    b"\x7fELF": "an ELF program", b"MZ": "a Windows program", b"\xcf\xfa\xed\xfe": "a macOS program",
    b"\xca\xfe\xba\xbe": "a Java class or macOS program", b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image", b"%PDF": "a PDF document", b"{\\rtf": "an RTF document",
    b"\xd0\xcf\x11\xe0": "a Microsoft Office document", b"\x89HDF": "an HDF5 file", b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file", b"\x93NUMPY": "a NumPy array", b"SQLite format 3\0": "an SQLite database",
    b"ElfFile\0": "a Windows event log (EVTX)", b"ID3": "an MP3 file", b"OggS": "an Ogg file",
}  # fmt: skip
MANGLED = {
    b"\xef\xbf\xbd\xc3\xb2\xef\xbf\xbd": "pcap", b"\xc3\x94\xc3\x83\xc2\xb2\xc2\xa1": "pcap",
    b"\n\n\n\n": "pcapng", b"\r\n\r\r\r\n": "pcapng", b"\n\r\n": "pcapng",
}  # fmt: skip
BASE64 = (b"1MOyo", b"obLD1", b"TTyyo", b"obI8T", b"Cg0NC")  # of the magic numbers
HTML = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
TCPDUMP = re.compile(
    rb"^(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d+ (IP6?|ARP|LLDP|STP|[0-9a-f]{2}(:[0-9a-f]{2}){5})[ ,]"
    rb"|^tcpdump: |^\d{10}\.\d+ (IP6?|ARP)[ ,]",
    re.MULTILINE,
)
TSHARK = re.compile(
    rb"^\s*\d+\s+(\S+\s+)?\d+[.:]\d\S*\s+\S+\s+(\xe2\x86\x92|->)\s+\S+|^Frame \d+: \d+ bytes", re.MULTILINE
)
HEX_DUMP = re.compile(rb"^\s*(0x)?[0-9a-fA-F]{4,8}:?\s+([0-9a-fA-F]{2,4}[ \t]+){3}", re.MULTILINE)
ETL_HEADER = 0x48  # where the first event of a Windows event trace has its own
TAR_MAGIC, TAR_CHECKSUM, TAR_BLOCK = 257, slice(148, 156), 512


def name_format(start: bytes) -> str:
    r"""Say what a file is that does not begin as a capture does.

    Parameters
    ----------
    start : bytes
        Its first bytes, at most `LOOKED_AT`.

    Returns
    -------
    str
        What it is and what was expected, for an error.

    Examples
    --------
    >>> name_format(b"%PDF-1.7\n")
    'is a PDF document, expected a pcap or pcapng capture'
    """
    if not start:
        return f"is empty, {EXPECTED}"
    if len(start) < 4:
        return f"has {len(start)} bytes, {EXPECTED}"
    capture = _capture(start)
    if capture:
        return f"is {capture}, expected pcap or pcapng; {CONVERT}"
    other = _archive(start) or _other_file(start) or _text(start)
    if other:
        return f"is {other}"
    if not start.strip(b"\0"):
        return f"begins with {len(start):,} zeros, {EXPECTED}"
    return f"is not a capture: begins with {start[:4].hex(' ')}, expected the magic number of pcap or pcapng"


def _capture(start: bytes) -> str | None:
    """Name a capture of another format."""
    for magic, name in CAPTURES.items():
        if start.startswith(magic):
            return name
    for place, text, name in CAPTURES_WITHIN:
        if text in start[place : place + 64]:
            return name
    if _is_text(start):
        for pattern, name in TEXT_CAPTURES:
            if re.search(pattern, start, re.MULTILINE):
                return name
    if NETSCALER.search(start):
        return "a NetScaler trace"
    if PEEK_CLASSIC.match(start):
        return "a Savvius (WildPackets *Peek) capture"
    if _is_commview(start):
        return "a TamoSoft CommView capture"
    if PPPDUMP.match(start) and not _is_text(start):
        return "a log of pppd (pppdump)"
    return None


def _is_commview(start: bytes) -> bool:
    """Whether a record of CommView begins here: two equal lengths and a version of 0, or one length; then a date."""
    if len(start) < 24:
        return False
    place = 5 if start[:2] == start[2:4] and start[4] == 0 else 4
    year, month, day = int.from_bytes(start[place : place + 2], "little"), *start[place + 2 : place + 4]
    return 1970 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31


def _archive(start: bytes) -> str | None:
    """Name an archive or a compression that is not read here."""
    for magic, name in ARCHIVES.items():
        if start.startswith(magic):
            return f"{name}, {EXPECTED}: unpack it first"
    if _is_tar(start):
        return f"a tar archive, {EXPECTED}: unpack it first (tar -xf)"
    for magic, (name, program) in COMPRESSED.items():
        if start.startswith(magic):
            return f"{name}, {EXPECTED}: decompress it first ({program})"
    return None


def _is_tar(start: bytes) -> bool:
    """Whether a tar archive begins here: its magic, or for old ones the sum of its header."""
    if start[TAR_MAGIC : TAR_MAGIC + 5] == b"ustar":
        return True
    text = start[TAR_CHECKSUM].strip(b" \0")
    if len(start) < TAR_BLOCK or not text or text.strip(b"01234567"):
        return False
    header = bytearray(start[:TAR_BLOCK])
    header[TAR_CHECKSUM] = b" " * 8
    return sum(header) == int(text, 8)


def _other_file(start: bytes) -> str | None:
    """Name a file that is no capture."""
    for magic, name in MANGLED.items():
        if start.startswith(magic) and not _is_text(start):
            return f"a {name} capture that was copied as text, so that its bytes are lost: copy it again as binary"
    for magic, name in FILES.items():
        if start.startswith(magic):
            return f"{name}, {EXPECTED}"
    if start[4:8] == b"ftyp":
        return f"an MP4 file, {EXPECTED}"
    size = int.from_bytes(start[:4], "little")
    if start[ETL_HEADER + 2 : ETL_HEADER + 4] in (b"\x01\xc0", b"\x02\xc0") and size and size % 1024 == 0:
        return f"a Windows event trace (ETL), {EXPECTED}: etl2pcapng converts it (etl2pcapng IN OUT)"
    return None


def _is_text(start: bytes) -> bool:
    """Whether the bytes are text: no control characters but those that stand in texts."""
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start)


def _text(start: bytes) -> str | None:
    """Name a text."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"text in UTF-16, {EXPECTED}"
    if not _is_text(start):
        return None
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"version https://git-lfs.github.com/spec/"):
        return f"a pointer of Git LFS and not the capture itself, {EXPECTED}: fetch it with git lfs pull"
    if b"/annex/objects/" in bare[:300]:
        return f"a pointer of git-annex and not the capture itself, {EXPECTED}: fetch it with git annex get"
    if bare.startswith(BASE64):
        return f"a capture in base64, {EXPECTED}: decode it first (base64 -d IN > OUT)"
    return _markup(bare) or _listing(bare) or f"text, {EXPECTED}"


def _markup(bare: bytes) -> str | None:
    """Name HTML, XML or JSON."""
    if HTML.search(bare[:1000]) and bare.startswith(b"<"):
        return f"an HTML page, {EXPECTED}: the capture was perhaps not downloaded, but a page in its place"
    for element, name in ((b"<pdml", "PDML"), (b"<psml", "PSML")):
        if element in bare:
            return f"{name}, which has dissected packets and not their bytes; {EXPECTED}"
    if bare.startswith(b"<"):
        return f"XML, {EXPECTED}"
    if bare.startswith((b"{", b"[")):
        packets = ", which has dissected packets and not their bytes;" if b'"layers"' in bare else ","
        return f"JSON{packets} {EXPECTED}"
    return None


def _listing(bare: bytes) -> str | None:
    """Name what a program printed of packets."""
    if TCPDUMP.search(bare):
        return f"what tcpdump printed of packets, {EXPECTED}: tcpdump -w OUT writes one"
    if TSHARK.search(bare):
        return f"what tshark printed of packets, {EXPECTED}: tshark -w OUT writes one"
    if HEX_DUMP.search(bare):
        return f"a hex dump, {EXPECTED}: Wireshark's text2pcap converts it (text2pcap IN OUT)"
    return None
