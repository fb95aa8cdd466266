import os
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest

from cli.stack import Part, Stack, StackOptions
from cli.stack.data_dir import DataDir
from cli.stack.ports import free_port
from cli.stack.postgres import Postgres
from cli.stack.process import ChildProcess
from cli.stack.readiness import until_ready


def options(data_dir: Path | None) -> StackOptions:
    return StackOptions(data_dir=data_dir, parts={Part.POSTGRES})


def query(stack: Stack, statement: str) -> str:
    with psycopg.connect(stack.addresses.database_url) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return str(row[0])


async def test_a_kept_database_waits_for_the_disk(tmp_path: Path) -> None:
    async with Stack(options(tmp_path)) as stack:
        assert query(stack, "SHOW synchronous_commit") == "on"
        assert query(stack, "SHOW fsync") == "on"
        assert query(stack, "SHOW server_encoding") == "UTF8"
        assert query(stack, "SELECT current_database()") == "carillon"


async def test_data_survives_an_orderly_end_and_a_kill(tmp_path: Path) -> None:
    async with Stack(options(tmp_path)) as stack:
        with psycopg.connect(stack.addresses.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await stack.kill("postgres", SIGKILL)
        await stack.start("postgres")
        assert query(stack, "SELECT answer FROM kept") == "42"
    async with Stack(options(tmp_path)) as stack:
        assert query(stack, "SELECT answer FROM kept") == "42"


async def test_a_password_is_needed(tmp_path: Path) -> None:
    async with Stack(options(tmp_path)) as stack:
        name_and_password, _, rest = stack.addresses.database_url.partition("@")
        with_wrong_password = f"{name_and_password}x@{rest}"
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(with_wrong_password)


async def test_a_lock_file_naming_an_unrelated_process_is_dropped(tmp_path: Path) -> None:
    async with Stack(options(tmp_path)) as stack:
        await stack.kill("postgres", SIGKILL)
        lock_file = tmp_path / "postgres" / "postmaster.pid"
        lines = lock_file.read_text().splitlines()
        lock_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    async with Stack(options(tmp_path)) as stack:
        assert query(stack, "SELECT 1") == "1"


async def test_a_server_without_its_supervisor_is_ended_first(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    postgres = Postgres(data_dir, free_port())
    await postgres.prepare()
    orphan = ChildProcess(postgres.command())
    await until_ready(orphan, lambda: postgres.is_ready(orphan), 60)
    data_dir.release()
    async with Stack(options(tmp_path)) as stack:
        assert orphan.exit_code is not None
        assert query(stack, "SELECT 1") == "1"


async def test_a_cluster_left_half_made_is_made_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    async with Stack(options(tmp_path)) as stack:
        assert query(stack, "SELECT 1") == "1"
