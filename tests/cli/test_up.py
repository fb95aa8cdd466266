import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import httpx
import psutil
import pytest

from cli.stack.data_dir import DataDir
from cli.stack.ports import HOST

PROGRAM = str(Path(sys.prefix) / "bin" / "carillon")
PORTS = (
    "--api-port",
    "--temporal-port",
    "--ui-port",
    "--postgres-port",
    "--smtp-port",
    "--inbox-port",
    "--sms-port",
)
FREE_PORTS = tuple(word for option in PORTS for word in (option, "0"))
PROMISED_END_SECONDS = 10


@contextmanager
def running_up(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [PROGRAM, "up", *FREE_PORTS, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "up", *FREE_PORTS, *options], capture_output=True, text=True, timeout=60, check=False
    )


def addresses_of(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    addresses: dict[str, str] = json.loads(line)
    return addresses


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_it_prints_one_line_of_addresses_and_sigterm_ends_everything(tmp_path: Path) -> None:
    with running_up("--json", "--data-dir", str(tmp_path)) as process:
        addresses = addresses_of(process)
        assert list(addresses) == [
            "api_url",
            "temporal_address",
            "temporal_namespace",
            "ui_url",
            "database_url",
            "smtp_address",
            "inbox_url",
            "sms_url",
            "admin_key",
            "admin_email",
            "admin_password",
        ]
        assert all(addresses.values())
        assert httpx.get(f"{addresses['api_url']}/healthz").status_code == 200
        assert httpx.get(f"{addresses['inbox_url']}/api/stats").json()["total"] == 0
        login = {"email": addresses["admin_email"], "password": addresses["admin_password"]}
        answer = httpx.post(f"{addresses['api_url']}/auth/login", json=login)
        assert (answer.status_code, answer.json()["role"]) == (200, "admin")
        children = children_of(process)
        assert len(children) >= 5
        ordered = time.monotonic()
        process.send_signal(SIGTERM)
        assert process.wait(timeout=60) == 0
        assert time.monotonic() - ordered < PROMISED_END_SECONDS
        assert not any(child.is_running() for child in children)
        assert process.communicate()[0] == ""


def test_it_starts_the_wanted_workers_and_a_crash_of_one_ends_all_and_is_named(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    admin_key = data_dir.secret("admin_key", prefix="sk_")
    data_dir.release()
    with running_up("--json", "--data-dir", str(tmp_path), "--workers", "2") as process:
        assert addresses_of(process)["admin_key"] == admin_key
        children = children_of(process)
        workers = [child for child in children if child.cmdline()[-2:] == [PROGRAM, "worker"]]
        assert len(workers) == 2
        workers[1].send_signal(SIGKILL)
        assert process.wait(timeout=60) == 1
        assert not any(child.is_running() for child in children)
        _, errors = process.communicate()
    assert "worker-2" in errors
    assert str(-SIGKILL) in errors
    assert str(tmp_path / "logs" / "worker-2.log") in errors


def test_without_json_it_prints_a_table_and_ctrl_c_ends_it() -> None:
    with running_up("--ephemeral") as process:
        assert process.stdout is not None
        printed = ""
        while "SMTP" not in printed:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            printed += line
        assert "sk_" in printed
        children = children_of(process)
        process.send_signal(SIGINT)
        assert process.wait(timeout=60) == 0
        assert not any(child.is_running() for child in children)


@pytest.mark.parametrize("option", PORTS)
def test_a_port_in_use_is_refused_by_the_name_of_its_option(option: str, tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = str(listener.getsockname()[1])
        outcome = refused("--json", "--data-dir", str(tmp_path), option, port)
    assert outcome.returncode == 2
    assert outcome.stdout == ""
    assert option in outcome.stderr
    assert port in outcome.stderr


def test_a_data_directory_in_use_is_refused(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    outcome = refused("--json", "--data-dir", str(tmp_path))
    data_dir.release()
    assert outcome.returncode == 2
    assert outcome.stdout == ""
    assert str(tmp_path) in outcome.stderr


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = refused("--json", "--data-dir", str(tmp_path / "file" / "data"))
    assert outcome.returncode == 2
    assert "--data-dir" in outcome.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--api-port", "70000"),
        ("--workers", "0"),
        ("--ephemeral", "--data-dir", "somewhere"),
    ],
)
def test_bad_options_are_refused(options: tuple[str, ...]) -> None:
    outcome = refused(*options)
    assert outcome.returncode == 2
    assert outcome.stdout == ""
