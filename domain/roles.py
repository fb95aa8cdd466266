"""What the holder of an API key may do."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    VIEWER = "viewer"


class ScopeName(StrEnum):
    AUTOMATIONS_READ = "automations.read"
    AUTOMATIONS_WRITE = "automations.write"


SCOPES_BY_ROLE: dict[Role, tuple[ScopeName, ...]] = {
    Role.ADMIN: (ScopeName.AUTOMATIONS_READ, ScopeName.AUTOMATIONS_WRITE),
    Role.SUPERVISOR: (ScopeName.AUTOMATIONS_READ, ScopeName.AUTOMATIONS_WRITE),
    Role.AGENT: (ScopeName.AUTOMATIONS_READ,),
    Role.VIEWER: (ScopeName.AUTOMATIONS_READ,),
}
