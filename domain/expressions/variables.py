"""What a condition may refer to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class VariableType(StrEnum):
    STRING = "string"
    BOOL = "bool"
    TIMESTAMP = "timestamp"
    STRING_LIST = "list(string)"
    STRING_MAP = "map(string, string)"
    ANY_MAP = "map(string, any)"


MAPS = frozenset({VariableType.STRING_MAP, VariableType.ANY_MAP})


@dataclass(frozen=True)
class Environment:
    """A named set of variables, each by its dotted name. Two of equal name must be the same."""

    name: str
    variables: Mapping[str, VariableType] = field(hash=False, compare=False, repr=False)

    @property
    def roots(self) -> frozenset[str]:
        """The first words of the variables' names: `participant`, `now` ..."""
        return frozenset(name.partition(".")[0] for name in self.variables)

    def declared(self, name: str) -> str | None:
        """The variable that `name` is or reaches into (`participant.attributes.plan`), if any."""
        return next((prefix for prefix in prefixes(name) if prefix in self.variables), None)


def prefixes(name: str) -> Iterator[str]:
    """`a.b.c`, `a.b`, `a`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


_PARTICIPANT: Mapping[str, VariableType] = {
    "participant.id": VariableType.STRING,
    "participant.external_id": VariableType.STRING,
    "participant.email": VariableType.STRING,
    "participant.phone": VariableType.STRING,
    "participant.first_name": VariableType.STRING,
    "participant.last_name": VariableType.STRING,
    "participant.locale": VariableType.STRING,
    "participant.timezone": VariableType.STRING,
    "participant.status": VariableType.STRING,
    "participant.has_email": VariableType.BOOL,
    "participant.has_phone": VariableType.BOOL,
    "participant.attributes": VariableType.ANY_MAP,
    "participant.counters": VariableType.ANY_MAP,
    "participant.tags": VariableType.STRING_LIST,
    "participant.tiers": VariableType.ANY_MAP,
    "participant.segments": VariableType.STRING_LIST,
    "participant.consent": VariableType.STRING_MAP,
    "participant.created_at": VariableType.TIMESTAMP,
    "participant.last_contacted_at": VariableType.TIMESTAMP,
    "program.id": VariableType.STRING,
    "program.name": VariableType.STRING,
    "program.timezone": VariableType.STRING,
    "now": VariableType.TIMESTAMP,
}

PARTICIPANT = Environment("participant", MappingProxyType(dict(_PARTICIPANT)))
PARTICIPANT_EVENT = Environment(
    "participant_event", MappingProxyType({**_PARTICIPANT, "event": VariableType.ANY_MAP})
)
RULE = Environment(
    "rule",
    MappingProxyType(
        {
            **PARTICIPANT_EVENT.variables,
            "conversation.id": VariableType.STRING,
            "conversation.external_id": VariableType.STRING,
            "conversation.channel_source": VariableType.STRING,
            "conversation.status": VariableType.STRING,
            "conversation.assignee": VariableType.STRING,
            "conversation.priority": VariableType.STRING,
            "conversation.labels": VariableType.STRING_LIST,
        }
    ),
)
