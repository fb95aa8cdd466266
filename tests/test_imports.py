"""What each part may import, and that workflows and the domain stay deterministic."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOMAIN = sorted((ROOT / "domain").rglob("*.py"))
WORKFLOWS = sorted((ROOT / "workflows").rglob("*.py"))

ALLOWED_IN_THE_SANDBOX = sys.stdlib_module_names | {"temporalio", "domain", "workflows"}

IMPURE_MODULES = {
    *("asyncio", "concurrent", "multiprocessing", "signal", "subprocess", "threading"),
    *("http", "httpx", "select", "smtplib", "socket", "ssl", "urllib"),
    *("glob", "logging", "os", "pathlib", "platform", "shutil", "tempfile"),
    *("psycopg", "sqlalchemy", "sqlite3", "sqlmodel"),
    *("random", "secrets", "time"),
}
# Reads and writes addresses, and opens none.
PURE_MODULES = {"urllib.parse"}
IMPURE_NAMES = {"uuid1", "uuid4", "urandom", "getrandbits", "environ", "getenv"}
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "breakpoint"}
CLOCK_READS = {"now", "utcnow", "today"}
CLOCKS = {"datetime", "date"}


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.prefix) / "bin" / "lint-imports"
    report = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True)
    assert report.returncode == 0, report.stdout + report.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_files_import_third_parties_only_passed_through(path: Path) -> None:
    assert list(loaded_in_the_sandbox(ast.parse(path.read_text()))) == []


def test_an_import_that_the_sandbox_would_load_again_is_found() -> None:
    source = """
import pydantic
from temporalio import workflow
with workflow.unsafe.imports_passed_through():
    import croniter
    from domain import contract
def later():
    from httpx import get
"""
    assert list(loaded_in_the_sandbox(ast.parse(source))) == ["pydantic", "httpx"]


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_domain_reads_no_clock_no_randomness_and_no_outside(path: Path) -> None:
    assert list(impurities(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import time",
        "from random import choice",
        "import os.path as paths",
        "from uuid import uuid4",
        "import uuid\nuuid.uuid4()",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date\ndate.today()",
        "text = open('file').read()",
        "def later():\n    import socket",
    ],
)
def test_an_impure_module_is_found(source: str) -> None:
    assert list(impurities(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, time, timedelta\nmidnight = time(0)",
        "from uuid import UUID\nUUID(int=1)",
        "def next_fire(now):\n    return now",
        "from importlib.resources import files",
    ],
)
def test_a_pure_module_is_not_accused(source: str) -> None:
    assert list(impurities(ast.parse(source))) == []


def loaded_in_the_sandbox(tree: ast.AST) -> Iterator[str]:
    """Third-party packages that a workflow file imports outside `imports_passed_through()`."""
    passed_through = {
        inner for block in ast.walk(tree) if _passes_through(block) for inner in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node not in passed_through:
            yield from (name for name in packages_of(node) if name not in ALLOWED_IN_THE_SANDBOX)


def _passes_through(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(
        "imports_passed_through" in ast.unparse(item.context_expr) for item in node.items
    )


def packages_of(node: ast.AST) -> Iterator[str]:
    """The top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield (node.module or "").partition(".")[0]


def impurities(tree: ast.AST) -> Iterator[str]:
    """Imports and calls through which the outside could change what the same arguments give."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in PURE_MODULES:
            continue
        yield from (f"import of {name}" for name in packages_of(node) if name in IMPURE_MODULES)
        match node:
            case ast.ImportFrom(names=names):
                yield from (f"import of {alias.name}" for alias in names if alias.name in IMPURE_NAMES)
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield f"call of {name}"
            case ast.Attribute(attr=name) if name in IMPURE_NAMES:
                yield f"use of {name}"
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name) if (
                owner in CLOCKS and name in CLOCK_READS
            ):
                yield f"use of {owner}.{name}"
