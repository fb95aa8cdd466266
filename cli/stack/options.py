"""What a stack consists of: its parts, how they are chosen, and where they answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Part(StrEnum):
    POSTGRES = "postgres"
    TEMPORAL = "temporal"
    MAIL = "mail"
    SMS = "sms"
    SETUP = "setup"
    API = "api"
    WORKER = "worker"


ALL_PARTS = frozenset(Part)
INFRASTRUCTURE = frozenset({Part.POSTGRES, Part.TEMPORAL, Part.MAIL, Part.SMS})


@dataclass(frozen=True)
class Addresses:
    """Where the parts answer. Empty for a part the stack does not run."""

    api_url: str
    temporal_address: str
    temporal_namespace: str
    ui_url: str
    database_url: str
    smtp_address: str
    inbox_url: str
    sms_url: str
    admin_key: str
    admin_email: str
    admin_password: str


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What to run. Without a data directory nothing is kept; port 0 is any free one."""

    data_dir: Path | None = None
    parts: Collection[str] = ALL_PARTS
    api_port: int = 0
    temporal_port: int = 0
    ui_port: int = 0
    postgres_port: int = 0
    smtp_port: int = 0
    inbox_port: int = 0
    sms_port: int = 0
    workers: int = 1
    temporal_namespace: str = "default"
    extra_env: Mapping[str, str] = field(default_factory=dict)
    temporal_dynamic_config: Mapping[str, bool | int] = field(default_factory=dict)
    startup_seconds: float = 60.0
