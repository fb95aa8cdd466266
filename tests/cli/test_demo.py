"""`carillon demo`, as it is used: first without a terminal, then with one on the data it kept."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import Any

import psutil
import pytest

from cli.demo.session import beside_others
from cli.stack import Part, PortsUnavailableError, Stack, StackOptions
from cli.stack.ports import HOST

PROGRAM = str(Path(sys.prefix) / "bin" / "carillon")
SHOWN_WITHIN_SECONDS = 120
PROMISED_SECOND_START_SECONDS = 15
IDENTITY = re.compile(
    r"^([\d,]+) total = ([\d,]+) sent \+ ([\d,]+) skipped \+ ([\d,]+) failed \+ ([\d,]+) unknown"
    r" \+ ([\d,]+) pending$",
    re.MULTILINE,
)
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def number(text: str) -> int:
    return int(text.replace(",", ""))


def command(data_dir: Path) -> list[str]:
    return [PROGRAM, "demo", "--any-port", "--data-dir", str(data_dir)]


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would decide the form of the output."""
    decisive = ("DEMO_EXIT", "NO_COLOR", "FORCE_COLOR", "COLUMNS")
    inherited = {name: value for name, value in os.environ.items() if name not in decisive}
    return inherited | {"no_proxy": HOST} | more


@dataclass
class Terminal:
    """What a demo that believes to be on a terminal has written so far."""

    process: subprocess.Popen[bytes]
    master: int
    raw: str = ""

    @property
    def text(self) -> str:
        return TERMINAL_CODES.sub("", self.raw)

    def read_until(self, words: str) -> None:
        deadline = time.monotonic() + SHOWN_WITHIN_SECONDS
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            try:
                self.raw += os.read(self.master, 65_536).decode(errors="replace")
            except OSError:
                raise AssertionError(self.text) from None


@contextmanager
def on_terminal(data_dir: Path) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command(data_dir), stdin=slave, stdout=slave, stderr=slave, env=environment(TERM="xterm")
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(data_dir: Path) -> subprocess.CompletedProcess[str]:
    """The first start, into a pipe."""
    return subprocess.run(
        command(data_dir),
        capture_output=True,
        text=True,
        timeout=SHOWN_WITHIN_SECONDS,
        check=False,
        env=environment(DEMO_EXIT="1", FORCE_COLOR="1"),
    )


def test_it_shows_a_run_whose_counts_add_up_and_ends_by_itself(
    first: subprocess.CompletedProcess[str],
) -> None:
    assert first.returncode == 0, first.stderr + first.stdout
    found = IDENTITY.search(first.stdout)
    assert found, first.stdout
    total, *terms = map(number, found.groups())
    assert total == sum(terms)
    table = dict(re.findall(r"^skipped +(\w+) +([\d,]+)$", first.stdout, re.MULTILINE))
    assert set(table) == {"guard_false", "no_consent", "no_address", "participant_not_active"}
    sent, skipped, *others = terms
    assert sum(map(number, table.values())) == skipped
    assert sent > 1_000
    assert others == [0, 0, 0]
    assert "3,000 participants created" in first.stdout
    assert f"Points reminder: {total:,} of {total:,}" in first.stdout


def test_without_a_terminal_it_writes_plain_lines_that_fit(first: subprocess.CompletedProcess[str]) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", first.stdout)
    lines = first.stdout.splitlines()
    addresses = ("curl ", "  Logs", "    the fan-out", "The demo ends")
    assert [line for line in lines if len(line) > 80 and not line.startswith(addresses)] == []
    assert len(lines) < 70


def test_started_again_it_runs_on_what_it_kept_until_ctrl_c(
    first: subprocess.CompletedProcess[str], data_dir: Path
) -> None:
    with on_terminal(data_dir) as terminal:
        terminal.read_until("Ctrl-C ends the demo.")
        assert "participants are kept from an earlier start" in terminal.text
        assert "Run 2 of Points reminder: completed" in terminal.text
        started_in = re.search(r"Everything runs, after ([\d.]+) s", terminal.text)
        assert started_in
        assert float(started_in[1]) < PROMISED_SECOND_START_SECONDS
        triggered, listed, paused = (answer_of(line) for line in curl_lines_of(terminal.text))
        assert triggered["name"] == "Points reminder"
        assert triggered["execution_status"] in {"pending", "executing", "completed"}
        assert [run["number"] for run in listed["data"]] == [3, 2, 1]
        assert (paused["name"], paused["status"]) == ("Monday digest", "paused")
        children = psutil.Process(terminal.process.pid).children(recursive=True)
        terminal.process.send_signal(SIGINT)
        assert terminal.process.wait(timeout=60) == 0
        assert not any(child.is_running() for child in children)


@pytest.mark.slow
def test_a_crash_ends_it_and_is_named(first: subprocess.CompletedProcess[str], data_dir: Path) -> None:
    with on_terminal(data_dir) as terminal:
        terminal.read_until("Points reminder kept")
        children = psutil.Process(terminal.process.pid).children(recursive=True)
        next(child for child in children if child.cmdline()[-2:] == [PROGRAM, "worker"]).send_signal(SIGKILL)
        terminal.read_until("worker-1 ended with exit code -9")
        assert terminal.process.wait(timeout=60) == 1


async def test_ports_that_others_hold_are_replaced_by_free_ones(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        options = StackOptions(
            data_dir=tmp_path,
            parts={Part.MAIL},
            smtp_port=one.getsockname()[1],
            inbox_port=other.getsockname()[1],
        )
        with pytest.raises(PortsUnavailableError) as taken:
            async with Stack(options):
                pass
        async with Stack(beside_others(options, taken.value)) as stack:
            assert stack.addresses.inbox_url != f"http://{HOST}:{options.inbox_port}"
            assert stack.addresses.smtp_address != f"{HOST}:{options.smtp_port}"


def curl_lines_of(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.startswith("curl ")]
    assert len(lines) == 3
    return lines


def answer_of(curl_line: str) -> dict[str, Any]:
    outcome = subprocess.run(
        ["bash", "-c", curl_line], capture_output=True, text=True, timeout=60, check=True, env=environment()
    )
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer
