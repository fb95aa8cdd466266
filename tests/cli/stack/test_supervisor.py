import asyncio
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import psutil
import pytest

from cli.stack import INFRASTRUCTURE, DataDirError, Part, PartFailedError, Stack, StackOptions

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from cli.stack import INFRASTRUCTURE, Stack, StackOptions

async def main():
    async with Stack(StackOptions(data_dir=Path(sys.argv[1]), parts=INFRASTRUCTURE)):
        print("ready", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_two_stacks_run_side_by_side_and_leave_nothing() -> None:
    before = set(psutil.Process().children())
    options = StackOptions(parts=INFRASTRUCTURE)
    async with Stack(options) as first, Stack(options) as second:
        one, other = asdict(first.addresses), asdict(second.addresses)
        for name in ("temporal_address", "ui_url", "database_url", "smtp_address", "inbox_url", "admin_key"):
            assert one[name]
            assert one[name] != other[name]
        assert one["api_url"] == ""
        assert first.env["CARILLON_DATABASE_URL"] == one["database_url"]
        assert first.env["CARILLON_TEMPORAL_ADDRESS"] == one["temporal_address"]
        assert f"{first.env['CARILLON_SMTP_HOST']}:{first.env['CARILLON_SMTP_PORT']}" == one["smtp_address"]
        paths = [first.data_dir, second.data_dir]
    assert set(psutil.Process().children()) == before
    assert not any(path.exists() for path in paths)


async def test_the_admins_secrets_outlive_the_stack(tmp_path: Path) -> None:
    options = StackOptions(data_dir=tmp_path, parts={Part.MAIL})
    async with Stack(options) as stack:
        secrets = stack.addresses.admin_key, stack.addresses.admin_password
        with pytest.raises(DataDirError):
            async with Stack(options):
                pass
    async with Stack(options) as stack:
        assert (stack.addresses.admin_key, stack.addresses.admin_password) == secrets


async def test_a_part_that_ends_by_itself_is_reported(tmp_path: Path) -> None:
    async with Stack(StackOptions(data_dir=tmp_path, parts={Part.MAIL})) as stack:
        psutil.Process(stack.pid("mail")).kill()
        with pytest.raises(PartFailedError) as failure:
            await stack.watch()
    assert failure.value.part == "mail"
    assert failure.value.exit_code == -SIGKILL
    assert failure.value.log == tmp_path / "logs" / "mail.log"


async def test_a_part_killed_on_purpose_is_no_crash_and_starts_again(tmp_path: Path) -> None:
    async with Stack(StackOptions(data_dir=tmp_path, parts={Part.MAIL})) as stack:
        first = stack.pid("mail")
        await stack.kill("mail", SIGSTOP)
        assert stack.pid("mail") == first
        await stack.kill("mail", SIGCONT)
        await stack.kill("mail")
        with pytest.raises(LookupError):
            stack.pid("mail")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stack.watch(), 0.3)
        await stack.start("mail")
        assert stack.pid("mail") != first


async def test_a_part_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    (tmp_path / "postgres").mkdir()
    with pytest.raises(PartFailedError) as failure:
        async with Stack(StackOptions(data_dir=tmp_path, parts={Part.POSTGRES, Part.MAIL})):
            pass
    assert failure.value.part == "postgres"
    assert failure.value.last_lines
    assert set(psutil.Process().children()) == before


def test_killing_the_supervisor_ends_the_parts_and_the_next_start_recovers(tmp_path: Path) -> None:
    for _ in range(2):
        supervisor = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert supervisor.stdout is not None
        with supervisor.stdout as output:
            assert output.readline() == "ready\n"
        parts = psutil.Process(supervisor.pid).children(recursive=True)
        assert {"postgres", "temporal"} <= {part.name() for part in parts}
        supervisor.kill()
        supervisor.wait()
        _, alive = psutil.wait_procs(parts, timeout=30)
        assert not alive
