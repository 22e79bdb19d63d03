"""JupyterLab and Voilà on this machine alone, and a browser that drives them."""

import base64
import hashlib
import inspect
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / ".screenshots"
WANTED = "PCAPFRAME_SCREENSHOTS"  # in the environment: keep pictures for whoever looks
NOTEBOOK = "explorer.ipynb"
STARTS_S = 120
AXE = "axe-core@4.14.1"
# As `npm view axe-core@4.14.1 dist.integrity` says, by SHA-512.
AXE_INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="


class Served(NamedTuple):
    """Where a server answers, and what it asks for."""

    base: str
    token: str


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a server until it is no longer needed; all it writes is in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment |= {f"JUPYTER_{kind}_DIR": str(folder / f".{kind}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + STARTS_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    said = (folder / "server.log").read_text("utf-8", "replace")
                    assert server.poll() is None, said
                    assert time.monotonic() < deadline, said
                    time.sleep(0.3)
            yield
        finally:
            server.terminate()
            server.wait(30)


def until(page: Any, holds: Callable[[], object], within_s: float = 20) -> None:
    """Wait until something holds: what a page shows, and what it tells, comes some time after a key or a click."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, inspect.getsource(holds)
        page.wait_for_timeout(20)


def shot(page: Any, name: str) -> None:
    """Keep a picture of the page, where they are wanted."""
    if WANTED not in os.environ:
        return
    SHOTS.mkdir(exist_ok=True)
    page.wait_for_timeout(700)  # until what moves has come to rest
    page.screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """JupyterLab in a folder that has the explorer's notebook."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder)
    served = Served(f"http://127.0.0.1:{(port := _free_port())}", secrets.token_hex(16))
    command = [
        "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        f"--IdentityProvider.token={served.token}", f"--ServerApp.root_dir={folder}", "--LabApp.news_url=",
        f"--LabApp.user_settings_dir={folder / '.settings'}", f"--LabApp.workspaces_dir={folder / '.workspaces'}",
    ]  # fmt: skip
    with _running(command, folder, port):
        yield served


@pytest.fixture(scope="module")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Voilà, showing the explorer's notebook."""
    folder = tmp_path_factory.mktemp("voila")
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder)
    served = Served(f"http://127.0.0.1:{(port := _free_port())}", "")
    command = ["voila", NOTEBOOK, "--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}"]
    with _running(command, folder, port):
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, which talks to nobody else."""
    from playwright.sync_api import sync_playwright

    # Its event loop runs as long as it is open, so no test of another module may run meanwhile.
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, which finds what people who do not see or use a keyboard are kept from."""
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), AXE]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False)
    if fetched.returncode:
        required = "npm" in os.environ.get("PCAPFRAME_REQUIRE", "").split()
        (pytest.fail if required else pytest.skip)(f"npm could not fetch {AXE}: {fetched.stderr[-300:]}")
    (archive,) = folder.glob("*.tgz")
    assert base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode("ascii") == AXE_INTEGRITY
    with tarfile.open(archive) as opened:
        file = opened.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode("utf-8")


def faults(page: Any, axe: str, part: str | None = None) -> list[str]:
    """What axe-core finds in a page, or in a part of it: rule and element, of those that are serious or critical."""
    page.evaluate(axe)
    script = "part => axe.run(part || document, {resultTypes: ['violations']})"
    found = page.evaluate(script, part)["violations"]
    return [
        f"{one['id']}: {node['html'][:300]} ({node['failureSummary']})"
        for one in found if one["impact"] in ("serious", "critical") for node in one["nodes"]
    ]  # fmt: skip
