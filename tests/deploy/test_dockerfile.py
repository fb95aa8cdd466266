"""The image: what goes in, who runs it, and that its commands exist."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_group

from cli.main import app
from cli.stack import Stack
from tests.deploy.dockerfile import reaches_the_build, stages_of

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BUILD, IMAGE = stages_of(ROOT / "deploy" / "Dockerfile")
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]


@pytest.mark.parametrize("source", BUILD.copied())
def test_everything_copied_exists_and_reaches_the_build(source: str) -> None:
    assert (ROOT / source).exists()
    assert reaches_the_build(source, ROOT / ".dockerignore")


def test_everything_the_project_is_built_of_is_copied() -> None:
    needed = {*PACKAGES, PROJECT["project"]["readme"], "pyproject.toml", "requirements.lock"}
    assert needed <= set(BUILD.copied())


@pytest.mark.parametrize("path", [".venv/bin/python", ".git/config", ".carillon/admin_key", "tests/x.py"])
def test_nothing_else_reaches_the_build(path: str) -> None:
    assert not reaches_the_build(path, ROOT / ".dockerignore")


def test_dependencies_are_installed_by_hash_and_nothing_is_fetched_besides() -> None:
    installs = [command for command in BUILD.all("RUN") if "pip install" in command]
    assert len(installs) == 2
    assert "--require-hashes --requirement requirements.lock" in installs[0]
    assert {"--no-deps", "--no-build-isolation"} <= set(installs[1].split())
    assert not re.search(r"https?://(?!127\.0\.0\.1)", (ROOT / "deploy" / "Dockerfile").read_text())


def test_every_stage_starts_from_the_same_pinned_python() -> None:
    assert {stage.image for stage in (BUILD, IMAGE)} == {BUILD.image}
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", BUILD.image)


def test_the_image_does_not_run_as_root() -> None:
    user, _, group = IMAGE.last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_the_image_runs_a_command_that_exists() -> None:
    assert IMAGE.words("ENTRYPOINT") == list(PROJECT["project"]["scripts"])
    assert set(IMAGE.words("CMD")) <= set(get_group(app).commands)


@pytest.mark.parametrize(("port", "healthy"), [("own", True), ("1", False)])
def test_the_health_check_tells_a_running_api_from_none(stack: Stack, port: str, healthy: bool) -> None:
    port = stack.env["CARILLON_API_PORT"] if port == "own" else port
    program, *arguments = IMAGE.words("HEALTHCHECK")
    assert program == "python"
    check = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, "CARILLON_API_PORT": port}, capture_output=True
    )
    assert (check.returncode == 0) is healthy
