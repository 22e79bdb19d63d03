"""`pcapframe workshop`: what it writes, says and refuses, and how it starts JupyterLab."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pcapframe.cli import service_commands as module
from pcapframe.cli.commands import commands
from pcapframe.errors import MissingExtraError
from tests.test_architecture import JUDGING

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["workshop", *arguments], catch_exceptions=False)


def command(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([*environment.pop("paths", "").split(), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "pcapframe", "workshop", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_what_it_wrote(tmp_path: Path) -> None:
    result = run(str(tmp_path / "reviews"))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert f"written    {tmp_path / 'reviews' / '1_web_shop.ipynb'}" in lines
    assert all(re.fullmatch(r"written    \S.*", line) for line in lines)
    assert {line.split(maxsplit=1)[1] for line in lines} == {
        str(path) for path in (tmp_path / "reviews").rglob("*") if path.is_file()
    }
    again = run(str(tmp_path / "reviews"))
    assert again.exit_code == 0
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"unchanged"}


def test_it_refuses_to_write_over_what_was_changed(tmp_path: Path) -> None:
    run(str(tmp_path))
    (tmp_path / "3_branch_office.ipynb").write_text("mine")
    result = run(str(tmp_path))
    assert result.exit_code == 1
    assert f"kept       {tmp_path / '3_branch_office.ipynb'}" in result.stdout.splitlines()
    assert "1 of 29 files was changed and not overwritten" in result.stderr
    assert (tmp_path / "3_branch_office.ipynb").read_text() == "mine"


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = command("file", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "is a file, expected a folder" in result.stderr


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = command("file/inside", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")


def test_options_for_jupyterlab_need_lab(tmp_path: Path) -> None:
    result = run(str(tmp_path / "reviews"), "--", "--no-browser")
    assert result.exit_code == 2
    assert not (tmp_path / "reviews").exists()


def test_without_jupyterlab_the_extra_is_named_before_anything_is_written(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=re.escape('pip install "pcapframe[workshop]"')):
        run(str(tmp_path / "reviews"), "--lab")
    assert not (tmp_path / "reviews").exists()


@pytest.mark.parametrize("status", [0, 3])
def test_lab_is_started_in_the_folder_also_when_files_were_changed(tmp_path: Path, status: int) -> None:
    fake = tmp_path / "packages" / "jupyterlab"
    fake.mkdir(parents=True)
    (fake / "__init__.py").touch()
    told = f"import os, sys; print('started', os.getcwd(), sys.argv[1:], flush=True); sys.exit({status})"
    (fake / "__main__.py").write_text(told)
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "2_tills.ipynb").write_text("mine")
    result = command("reviews", "--lab", "--", "--no-browser", cwd=tmp_path, paths=str(fake.parent))
    assert result.returncode == status
    assert "1 of 29 files was changed" in result.stderr
    started = f"started {tmp_path / 'reviews'} ['--LabApp.default_url=/lab/tree/0_first_steps.ipynb', '--no-browser']"
    assert result.stdout.splitlines()[-1] == started
    assert (tmp_path / "reviews" / "0_first_steps.ipynb").is_file()


def test_jupyterlab_ends_with_the_command(tmp_path: Path) -> None:
    fake = tmp_path / "packages" / "jupyterlab"
    fake.mkdir(parents=True)
    (fake / "__init__.py").touch()
    (fake / "__main__.py").write_text("import time; print('started', flush=True); time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-m", "pcapframe", "workshop", "reviews", "--lab"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(fake.parent), str(ROOT)])},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        while process.stdout.readline() != "started\n":
            assert process.poll() is None
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
        assert process.stdout.read() == ""  # closed: nobody writes to it any more


def test_help_does_not_judge() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "pcapframe[workshop]" in result.output
    assert not JUDGING.search(result.output)
