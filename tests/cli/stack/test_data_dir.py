from pathlib import Path

import pytest

from cli.stack.data_dir import DataDir, DataDirError


def test_one_directory_is_locked_for_one_stack(tmp_path: Path) -> None:
    first = DataDir(tmp_path)
    with pytest.raises(DataDirError, match="--data-dir"):
        DataDir(tmp_path)
    first.release()
    DataDir(tmp_path).release()


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    key = data_dir.secret("admin_key", prefix="sk_")
    assert len(key) == len("sk_") + 43
    assert data_dir.secret("admin_key", prefix="sk_") == key
    assert (tmp_path / "admin_key").stat().st_mode & 0o777 == 0o600
    data_dir.release()


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for run in ("first run", "second run"):
        data_dir = DataDir(tmp_path)
        data_dir.log("api").write_text(run)
        assert data_dir.log("api").read_text() == run
        data_dir.release()
    assert (tmp_path / "logs" / "api.previous.log").read_text() == "first run"


@pytest.mark.parametrize("keep", [False, True])
def test_a_temporary_directory_goes_unless_it_is_kept(keep: bool) -> None:
    data_dir = DataDir(None)
    data_dir.release(keep=keep)
    assert data_dir.path.exists() is keep
    if keep:
        data_dir.is_temporary = True
        data_dir.release()
