"""A folder that is complete or not there."""

import pytest

from pcapframe.store import replacing


def test_a_folder_goes_also_where_another_thread_still_writes(tmp_path, monkeypatch):
    """As a task that was cancelled does until it ends."""
    remove, failed = replacing.shutil.rmtree, []

    def late(folder, ignore_errors):
        if not failed:
            failed.append(folder)
            (folder / "late").write_text("")
            return
        remove(folder, ignore_errors=ignore_errors)

    monkeypatch.setattr(replacing.shutil, "rmtree", late)
    with pytest.raises(KeyboardInterrupt), replacing.new_folder(tmp_path / "kept"):
        raise KeyboardInterrupt
    assert failed
    assert not list(tmp_path.iterdir())
