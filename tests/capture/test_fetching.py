"""Fetching: what is refused before any connection, what is bounded, and what never stays."""

import ipaddress
import logging
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

import pcapframe as pf
from pcapframe.capture import fetching
from pcapframe.capture.fetching import fetch
from pcapframe.capture.remote import RemoteCapture
from pcapframe.errors import CaptureFormatError, MissingExtraError, RemoteCaptureError
from tests.builders import Conversation, packet, pcap, pcap_record
from tests.hostile import Server, bomb, serving

TALK = Conversation().handshake().data("client", 500).close()
CAPTURE = pcap(TALK)
COUNT = len(TALK.frames)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.files["/capture.pcap"] = CAPTURE
        yield running


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of its own, in which nothing may stay."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sends anything beyond this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        assert self.family == getattr(socket, "AF_UNIX", None) or ipaddress.ip_address(address[0]).is_loopback, address
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def allowed(url: str, **bounds: Any) -> RemoteCapture:
    return RemoteCapture(url, allow_hosts=("localhost",), **bounds)


def refusal(capture: Any) -> str:
    with pytest.raises(RemoteCaptureError) as error:
        pf.read_pcap(capture)
    return str(error.value)


# Reading.


@pytest.mark.parametrize(
    "path", ["/capture.pcap", "/unstated", "/again?left=4", "/redirect?to=capture.pcap&status=308"]
)
def test_a_capture_is_read(server: Server, path: str) -> None:
    url = server.url(path)
    packets = pf.read_pcap(allowed(url))
    assert len(packets) == COUNT
    assert pf.capture_info(packets).name == url
    assert {method for method, _, _ in server.asked} == {"GET"}


def test_python_reads_it_everywhere(server: Server) -> None:
    server.files["/b.pcap"] = pcap(Conversation(client_port=50_000).handshake().frames)
    one, two = allowed(server.url("/capture.pcap")), allowed(server.url("/b.pcap"))
    assert pf.analyze_tcp_connections(one)["file"] == one.url
    assert len(pf.analyze([one, two]).whole_connections) == 2


def test_progress_is_of_what_is_fetched(server: Server) -> None:
    seen: list[tuple[int, int | None]] = []
    with fetch(allowed(server.url("/capture.pcap")), lambda *at: seen.append(at)) as fetched:
        assert fetched.file.read() == CAPTURE
        assert fetched.size == len(CAPTURE)
    assert seen[-1] == (len(CAPTURE), len(CAPTURE))


def test_what_progress_raises_ends_it(server: Server) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pf.read_pcap(allowed(server.url("/zeros")), progress=stop)
    assert server.sent < 64 << 20


# Where a connection may go.


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_unasked(server: Server, host: str) -> None:
    said = refusal(server.url("/capture.pcap", host))
    assert "refused unless it is allowed by name" in said or "there is no address" in said
    assert server.asked == []


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.1:{port}/capture.pcap", "http://169.254.169.254/latest/meta-data/", "//[::1]:{port}/capture.pcap"],
)
def test_a_redirect_is_held_to_the_same(server: Server, to: str) -> None:
    said = refusal(allowed(server.url(f"/redirect?to={to.format(port=server.server_port)}")))
    assert "refused unless it is allowed by name" in said
    assert len(server.asked) == 1


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.com/a", "gopher://localhost/"])
def test_a_redirect_stays_with_http(server: Server, to: str) -> None:
    assert "redirects to what is no URL" in refusal(allowed(server.url(f"/redirect?to={to}")))
    assert len(server.asked) == 1


def test_redirects_are_counted(server: Server) -> None:
    assert "redirects more than 5 times" in refusal(allowed(server.url("/again?left=5")))
    assert len(server.asked) == 6


def test_a_name_is_resolved_once_and_its_address_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> Any:
        if host != "127.0.0.1":  # asyncio and sockets put an address through it too
            asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = server.url("/capture.pcap", "captures.example")
    assert "refused" in refusal(url)
    assert asked == ["captures.example"]
    assert len(pf.read_pcap(RemoteCapture(url, allow_hosts=("Captures.Example.",)))) == COUNT
    assert asked == ["captures.example"] * 2
    assert server.asked[0][2]["Host"] == f"captures.example:{server.server_port}"


def test_one_address_that_is_not_public_refuses_the_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, server.server_port)) for text in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert "is not a public one" in refusal("http://captures.example/a.pcap")


def test_the_next_address_is_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.2", 0))
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, server.server_port))
            for text in ("127.0.0.2", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        assert len(pf.read_pcap(allowed(server.url("/capture.pcap")))) == COUNT


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_is_used(server: Server, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert len(pf.read_pcap(allowed(server.url("/capture.pcap")))) == COUNT


# TLS.


@pytest.mark.needs_program("openssl")
def test_the_certificate_is_held_against_the_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=captures.example", "-addext", "subjectAltName=DNS:captures.example"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    made = ["openssl", "req", *kind, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    server.socket = ours.wrap_socket(server.socket, server_side=True)
    resolved = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)

    def capture(host: str) -> RemoteCapture:
        return RemoteCapture(f"https://{host}:{server.server_port}/capture.pcap", allow_hosts=(host,))

    assert "could not be fetched" in refusal(capture("captures.example"))  # nobody vouches for it
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(httpx, "HTTPTransport", partial(httpx.HTTPTransport, verify=trusting))
    assert len(pf.read_pcap(capture("captures.example"))) == COUNT
    assert "could not be fetched" in refusal(capture("other.example"))
    assert [headers["Host"].partition(":")[0] for _, _, headers in server.asked] == ["captures.example"]


# Bounds.


def test_too_much_is_not_begun_where_it_is_stated(server: Server) -> None:
    assert "larger than 1,073,741,824 bytes" in refusal(allowed(server.url("/zeros?stated=1")))


def test_too_much_is_cut(server: Server) -> None:
    assert "larger than 1,000,000 bytes" in refusal(allowed(server.url("/zeros"), max_bytes=1_000_000))
    assert server.sent < 64 << 20


def test_what_decompresses_to_too_much_is_refused(server: Server) -> None:
    server.files["/bomb"] = bomb(CAPTURE, 50 << 20)
    assert len(server.files["/bomb"]) < 200_000
    with pytest.raises(CaptureFormatError, match="longer than 1,000,000 bytes when decompressed"):
        pf.read_pcap(allowed(server.url("/bomb"), max_decompressed_bytes=1_000_000))


def test_memory_is_bounded_while_packets_are_read(server: Server) -> None:
    """64 MB of records without a byte in them: 4.2 million packets in some kilobytes."""
    server.files["/records"] = zstandard.compress(pcap([]) + pcap_record(1, b"") * 4_200_000)
    assert len(server.files["/records"]) < 10_000
    capture = allowed(server.url("/records"), max_memory_bytes=64 << 20)
    before = _resident()
    with pytest.raises(RemoteCaptureError) as error:
        pf.analyze(capture)
    assert re.search(
        r"takes 6[56] MiB of memory after [0-9]{3},[0-9]{3} packets, more than the 64 MiB allowed", str(error.value)
    )
    assert _resident() - before < 150 << 20


def _resident() -> int:
    """Memory of this process, [bytes]; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def test_memory_is_bounded_before_connections_are_made(server: Server) -> None:
    frames = [packet(f"10.0.{n // 250}.{n % 250 + 1}", flags="S") for n in range(2000)]
    server.files["/syns"] = pcap(list(enumerate(frames)))
    capture = allowed(server.url("/syns"), max_memory_bytes=2 << 20)
    assert len(pf.read_pcap(capture)) == 2000  # the packets alone fit
    with pytest.raises(RemoteCaptureError, match="takes 4 MiB of memory after 2,000 packets, more than the 2 MiB"):
        pf.analyze(capture)
    assert len(pf.analyze(allowed(server.url("/syns"))).connections) == 2000


@pytest.mark.parametrize("path", ["/drip", "/dripping_head", "/silence"])
def test_time_is_bounded(server: Server, path: str) -> None:
    begin = time.monotonic()
    assert "took longer than 0.5 s" in refusal(allowed(server.url(path), max_seconds=0.5))
    assert time.monotonic() - begin < 20


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A resolver that does not answer; the names it was asked for."""
    asked: list[str] = []
    end = threading.Event()

    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        end.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(fetching.socket, "getaddrinfo", getaddrinfo)
    yield asked
    end.set()


def test_time_is_bounded_while_a_name_is_resolved(hanging: list[str]) -> None:
    begin = time.monotonic()
    said = refusal(RemoteCapture("http://capture.example/a.pcap", max_seconds=0.5))
    assert "took longer than 0.5 s" in said
    assert hanging == ["capture.example"]
    assert time.monotonic() - begin < 10


def test_time_is_bounded_while_nothing_answers_at_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{i}", 80)) for i in range(1, 100)]
    monkeypatch.setattr(fetching.socket, "getaddrinfo", lambda *_, **__: found)

    def unanswered(_: Any, request: httpx.Request) -> Any:
        time.sleep(min(1.0, request.extensions["timeout"]["connect"]))
        raise httpx.ConnectTimeout("")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", unanswered)
    begin = time.monotonic()
    assert "took longer than 1.5 s" in refusal(allowed("http://localhost/a.pcap", max_seconds=1.5))
    assert time.monotonic() - begin < 10


def test_what_progress_raises_ends_the_resolving(hanging: list[str]) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pf.read_pcap(RemoteCapture("http://capture.example/a.pcap", max_seconds=20), progress=stop)
    assert hanging == ["capture.example"]


def test_a_body_that_is_cut_is_refused(server: Server) -> None:
    assert "could not be fetched" in refusal(allowed(server.url("/cut")))


def test_a_body_longer_than_stated_is_read_as_stated(server: Server) -> None:
    with pytest.warns(pf.CaptureWarning, match="cut off in a record"):
        packets = pf.read_pcap(allowed(server.url("/short")))
    assert len(packets) == COUNT - 1


@pytest.mark.parametrize(("path", "said"), [("/none", "answered 404"), ("/garbage", "could not be fetched")])
def test_other_answers(server: Server, path: str, said: str) -> None:
    assert said in refusal(allowed(server.url(path)))


def test_nobody_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert "could not be fetched" in refusal(allowed(f"http://localhost:{port}/"))
    assert "there is no address for the host" in refusal("http://no-such-host.invalid/")


def test_what_is_no_capture_is_said_to_be_none(server: Server) -> None:
    server.files["/page"] = b"<html>"
    with pytest.raises(CaptureFormatError, match=r"/page at byte 0: is an HTML page"):
        pf.read_pcap(allowed(server.url("/page")))


# Nothing stays, nothing leaks.


def test_the_file_has_no_name_while_it_is_read(server: Server, temporary: Path) -> None:
    with fetch(allowed(server.url("/capture.pcap"))):
        assert list(temporary.iterdir()) == [] or sys.platform == "win32"


def test_credentials_are_sent_but_never_shown(
    server: Server, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.url("/capture.pcap?access_token=hush1&part=2", "me:hush2@localhost")
    packets = pf.read_pcap(allowed(url))
    assert pf.capture_info(packets).name == server.url("/capture.pcap?access_token=***&part=2", "***@localhost")
    _, path, headers = server.asked[0]
    assert path == "/capture.pcap?access_token=hush1&part=2"
    assert headers["Authorization"] == "Basic bWU6aHVzaDI="
    said = [
        refusal(server.url("/none?sig=hush3", "me:hush2@localhost")),
        refusal(allowed(url.replace("capture", "none"))),
    ]
    output = capsys.readouterr()
    for text in (*said, repr(allowed(url)), output.out, output.err, caplog.text):
        assert "hush" not in text


def test_credentials_do_not_follow_to_another_host(server: Server) -> None:
    to = server.url("/capture.pcap", "127.0.0.1")
    url = server.url(f"/redirect?to={to}", "me:hush@localhost")
    pf.read_pcap(RemoteCapture(url, allow_hosts=("localhost", "127.0.0.1")))
    assert ["Authorization" in headers for _, _, headers in server.asked] == [True, False]


def test_httpx_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=re.escape('pip install "pcapframe[url]"')):
        pf.read_pcap("https://example.com/a.pcap")


def test_a_full_disk_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(fetching, "_store", full)
    assert "could not be stored (No space left on device)" in refusal(allowed(server.url("/capture.pcap")))


def test_threads_end(server: Server) -> None:
    before = threading.active_count()
    for _ in range(3):
        pf.read_pcap(allowed(server.url("/capture.pcap")))
    time.sleep(0.1)
    assert threading.active_count() <= before + 3  # those of the server


def test_urls_that_cannot_be_meant() -> None:
    for url in ("http://", "http://a:99999/", "http://[::1", "http://a b/"):
        with pytest.raises(RemoteCaptureError):
            pf.read_pcap(url)
