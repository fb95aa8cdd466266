"""Every setting of Carillon, read from the environment (`CARILLON_*`) and checked at start."""

from base64 import b64decode
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from domain.login_credentials import acceptable_password, login_email
from domain.message_links import MessageLinks
from runtime.channel_settings import ChannelSettings

SHORTEST_SECRET = 24
SHORTEST_KEY = 32


class SettingsError(Exception):
    """The environment does not describe a usable configuration; the message names each variable."""


class Settings(ChannelSettings):
    # It may hold a password, so it is kept out of the settings' repr like the secrets are.
    database_url: Annotated[
        str,
        Field(repr=False, description="PostgreSQL address: postgresql://user:password@host:port/database"),
    ]
    database_pool_size: Annotated[
        int, Field(ge=1, le=200, description="Connections per process, at most")
    ] = 20

    temporal_address: Annotated[
        str, Field(pattern=r"^[^\s/]+:\d+$", description="Temporal frontend, host:port")
    ] = "127.0.0.1:7233"
    temporal_namespace: Annotated[
        str,
        Field(min_length=1, description="Temporal namespace; `carillon setup` makes it when it is missing"),
    ] = "default"
    temporal_tls: Annotated[bool, Field(description="Encrypt the connection to Temporal")] = False
    temporal_tls_server_name: Annotated[
        str | None, Field(description="Server name to verify, when it differs from the address")
    ] = None
    temporal_tls_ca_file: Annotated[
        Path | None, Field(description="CA certificate (PEM) that signed the server's")
    ] = None
    temporal_tls_cert_file: Annotated[
        Path | None, Field(description="Client certificate (PEM), for mTLS")
    ] = None
    temporal_tls_key_file: Annotated[Path | None, Field(description="Client key (PEM), for mTLS")] = None
    temporal_api_key: Annotated[
        SecretStr | None, Field(description="API key of Temporal Cloud; implies TLS")
    ] = None
    temporal_task_queue: Annotated[
        str, Field(min_length=1, description="Task queue on which the workers take their work")
    ] = "carillon"

    api_host: Annotated[str, Field(description="Address the API listens on")] = "127.0.0.1"
    api_port: Annotated[
        int, Field(ge=0, le=65535, description="Port the API listens on; 0 takes a free one")
    ] = 8080
    api_max_body_bytes: Annotated[
        int, Field(ge=1024, description="Larger request bodies are refused with 413")
    ] = 1_048_576
    rate_limit_per_second: Annotated[
        float,
        Field(
            ge=0,
            allow_inf_nan=False,
            description="Requests a second that all API keys together may make, per API process; 0 is no limit",
        ),
    ] = 200.0
    rate_limit_burst: Annotated[
        int, Field(ge=1, description="Requests at once that the rate limit lets pass after a quiet time")
    ] = 600

    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s/?#]+$",
            description="Address under which people reach the API, where it is not the one it listens on: "
            "https://carillon.example.com. With https the session cookie is sent by TLS only",
        ),
    ] = None
    session_idle_seconds: Annotated[
        int, Field(ge=60, description="A person's session ends when it has not been used for so long")
    ] = 43_200
    session_max_seconds: Annotated[
        int, Field(ge=60, description="A person's session ends so long after the login, however it is used")
    ] = 604_800

    run_now_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=3_600,
            description="How long `POST /api/automations/{id}/run` waits for the run, which then goes on without it",
        ),
    ] = 300.0

    cron_secret: Annotated[
        SecretStr | None,
        Field(
            min_length=16,
            description="Bearer secret of `GET /api/cron/...`, for schedulers outside; without it they are closed",
        ),
    ] = None

    callback_secret: Annotated[
        SecretStr | None,
        Field(
            description="Verifies callbacks about messages (Standard Webhooks, `whsec_...`); several, separated by "
            "spaces, while one replaces another. Without it none are taken"
        ),
    ] = None
    link_key: Annotated[
        SecretStr | None,
        Field(
            description="Signs the links in messages: to unsubscribe, and through Carillon. Several, separated by "
            "spaces: the first one signs, all are good. Links need it, and CARILLON_PUBLIC_URL"
        ),
    ] = None

    worker_max_activities: Annotated[
        int, Field(ge=1, le=500, description="Activities at once per worker")
    ] = 32
    worker_max_webhooks: Annotated[
        int, Field(ge=1, le=500, description="Webhook endpoints that a worker sends to at once")
    ] = 32
    worker_max_workflow_tasks: Annotated[
        int, Field(ge=2, le=500, description="Workflow tasks at once per worker")
    ] = 32
    worker_shutdown_seconds: Annotated[
        float, Field(ge=0, description="Time activities get to finish at shutdown")
    ] = 6.0

    worker_children_per_run_execution: Annotated[
        int, Field(ge=1, le=2_000, description="Cohorts a run starts before it is continued as new")
    ] = 500

    event_pumps: Annotated[
        int,
        Field(
            ge=1,
            le=8,
            description="Pumps of events, the same number for every worker: each runs in one worker at a time",
        ),
    ] = 2

    event_retention_days: Annotated[
        int, Field(ge=1, le=3_650, description="How long events are kept that are completed or have failed")
    ] = 90
    rule_run_retention_days: Annotated[
        int,
        Field(ge=1, le=3_650, description="How long it is kept what rules made of events, and their counts"),
    ] = 30

    cron_failures_before_stop: Annotated[
        int,
        Field(
            ge=0,
            description="Scheduled runs that may fail in a row before the automation is stopped as failed; "
            "0 never stops it",
        ),
    ] = 5
    subscription_refresh_seconds: Annotated[
        int,
        Field(
            ge=10, description="How often the subscriptions of participant_state automations are refreshed"
        ),
    ] = 21_600
    segment_refresh_seconds: Annotated[
        int, Field(ge=10, description="How often each segment is evaluated anew")
    ] = 300
    rfm_seconds: Annotated[
        int,
        Field(ge=60, description="How often people are scored by their visits at most, where any have come"),
    ] = 900
    upkeep_seconds: Annotated[int, Field(ge=5, description="How often drift is looked for and repaired")] = 30
    admin_key: Annotated[
        SecretStr | None, Field(description="`carillon setup` stores it (hashed) as an admin's API key")
    ] = None
    admin_email: Annotated[
        str | None,
        Field(
            description="`carillon setup` lets an admin log in with this address and the password beside it"
        ),
    ] = None
    admin_password: Annotated[
        SecretStr | None,
        Field(description="Password of that admin; it counts until they have been added, and not any more"),
    ] = None

    log_level: Annotated[
        str,
        Field(
            pattern="^(DEBUG|INFO|WARNING|ERROR)$",
            description="Least severe log line: DEBUG, INFO, WARNING or ERROR",
        ),
    ] = "INFO"

    @property
    def callback_secrets(self) -> list[str]:
        """Any of which may have signed a callback."""
        return [] if self.callback_secret is None else self.callback_secret.get_secret_value().split()

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
            raise ValueError("expected postgresql://user:password@host:port/database")
        return f"postgresql+psycopg://{rest}"

    @property
    def message_links(self) -> MessageLinks | None:
        """How links in messages lead to Carillon; None where they cannot."""
        if self.link_key is None or self.public_url is None:
            return None
        return MessageLinks(self.public_url, self.link_key.get_secret_value().split())

    @field_validator("link_key")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr | None) -> SecretStr | None:
        keys = [] if value is None else value.get_secret_value().split()
        if value is not None and (not keys or any(len(key) < SHORTEST_KEY for key in keys)):
            raise ValueError(f"expected at least {SHORTEST_KEY} characters that nobody can guess")
        return value

    @field_validator("callback_secret")
    @classmethod
    def _can_sign(cls, value: SecretStr | None) -> SecretStr | None:
        secrets = [] if value is None else value.get_secret_value().split()
        for secret in secrets:
            try:
                key = b64decode(secret.removeprefix("whsec_"), validate=True)
            except ValueError:
                key = b""
            if len(key) < SHORTEST_SECRET:
                raise ValueError(f"expected whsec_ and at least {SHORTEST_SECRET} bytes in base64")
        return value

    @field_validator("admin_email")
    @classmethod
    def _can_log_in(cls, value: str | None) -> str | None:
        return None if value is None else login_email(value)

    @field_validator("admin_password")
    @classmethod
    def _can_be_a_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            acceptable_password(value.get_secret_value())
        return value

    @field_validator("temporal_tls_ca_file", "temporal_tls_cert_file", "temporal_tls_key_file")
    @classmethod
    def _exists(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"no such file: {value}")
        return value

    @model_validator(mode="after")
    def _an_admin_has_both(self) -> Self:
        if (self.admin_email is None) != (self.admin_password is None):
            raise ValueError("CARILLON_ADMIN_EMAIL and CARILLON_ADMIN_PASSWORD must be set together")
        return self

    @model_validator(mode="after")
    def _certificates_come_in_pairs(self) -> Self:
        if (self.temporal_tls_cert_file is None) != (self.temporal_tls_key_file is None):
            raise ValueError(
                "CARILLON_TEMPORAL_TLS_CERT_FILE and CARILLON_TEMPORAL_TLS_KEY_FILE must be set together"
            )
        return self


@lru_cache
def load_settings() -> Settings:
    """Read the environment once. Raises SettingsError that lists every wrong variable at once."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name, *path = (str(part) for part in problem["loc"] or ("",))
            said = ": ".join((*path, problem["msg"]))
            lines.append(f"CARILLON_{name.upper()}: {said}" if name else said)
        raise SettingsError("Invalid settings:\n  " + "\n  ".join(lines)) from None
