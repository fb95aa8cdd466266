"""Every setting of Carillon, read from the environment (`CARILLON_*`) and checked at start."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeliveryPolicy(StrEnum):
    """What to do with a send whose outcome a crash hid: leave it `unknown`, or send it again."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"


class SettingsError(Exception):
    """The environment does not describe a usable configuration; the message names each variable."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CARILLON_", extra="ignore")

    database_url: Annotated[
        str, Field(description="PostgreSQL address: postgresql://user:password@host:port/database")
    ]
    database_pool_size: Annotated[int, Field(ge=1, le=200, description="Connections per process")] = 10

    temporal_address: Annotated[
        str, Field(pattern=r"^[^\s/]+:\d+$", description="Temporal frontend, host:port")
    ] = "127.0.0.1:7233"
    temporal_namespace: Annotated[str, Field(min_length=1)] = "default"
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
    temporal_task_queue: Annotated[str, Field(min_length=1)] = "carillon"

    api_host: str = "127.0.0.1"
    api_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    api_max_body_bytes: Annotated[
        int, Field(ge=1024, description="Larger request bodies are refused with 413")
    ] = 1_048_576

    smtp_host: str = "127.0.0.1"
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 1025
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    smtp_connections: Annotated[int, Field(ge=1, le=100, description="Open SMTP connections per worker")] = 8
    smtp_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 20.0
    email_from: Annotated[str, Field(description="From address of messages")] = (
        "Carillon <no-reply@carillon.example>"
    )
    email_delivery_policy: DeliveryPolicy = DeliveryPolicy.AT_MOST_ONCE

    worker_max_activities: Annotated[
        int, Field(ge=1, le=500, description="Activities at once per worker")
    ] = 32
    worker_max_workflow_tasks: Annotated[int, Field(ge=2, le=500)] = 32
    worker_shutdown_seconds: Annotated[
        float, Field(ge=0, description="Time activities get to finish at shutdown")
    ] = 6.0

    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
            raise ValueError("expected postgresql://user:password@host:port/database")
        return f"postgresql+psycopg://{rest}"

    @model_validator(mode="after")
    def _certificates_come_in_pairs(self) -> Self:
        if (self.temporal_tls_cert_file is None) != (self.temporal_tls_key_file is None):
            raise ValueError(
                "CARILLON_TEMPORAL_TLS_CERT_FILE and CARILLON_TEMPORAL_TLS_KEY_FILE must be set together"
            )
        for file in (self.temporal_tls_ca_file, self.temporal_tls_cert_file, self.temporal_tls_key_file):
            if file is not None and not file.is_file():
                raise ValueError(f"no such file: {file}")
        return self


@lru_cache
def load_settings() -> Settings:
    """Read the environment once. Raises SettingsError that lists every wrong variable at once."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            lines.append(f"CARILLON_{name}: {problem['msg']}" if name else problem["msg"])
        raise SettingsError("Invalid settings:\n  " + "\n  ".join(lines)) from None
