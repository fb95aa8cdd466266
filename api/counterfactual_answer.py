"""What came of looking at past events with two rules, as it is told."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.rule_run_explaining import OF_THEN
from api.schemas.counterfactual import (
    AsOfOut,
    CounterfactualOut,
    DifferenceOut,
    ErrorsOut,
    ReasonOut,
    RecordedOut,
    ReplayOut,
    SampledEvent,
)
from domain.rules.counterfactual import Counterfactual, Difference
from store.event_history import RecordedRuns

REASONS_TOLD = 10
NOTHING = ReplayOut(matched=0, executed=0)

People = Mapping[UUID, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Examined:
    """The events from `since` to `until`; when `truncated`, there are more before them."""

    outcome: Counterfactual
    recorded: RecordedRuns
    since: datetime
    until: datetime
    truncated: bool


def answer_of(
    rule_id: UUID | None, examined: Examined, variables: Collection[str], people: People
) -> CounterfactualOut:
    """`variables`: those that the conditions read. `people`: those that sampled events are about, if they are there."""
    outcome = examined.outcome
    return CounterfactualOut(
        rule_id=rule_id,
        events_examined=outcome.examined,
        truncated=examined.truncated,
        since=examined.since,
        until=examined.until,
        baseline=NOTHING if outcome.baseline is None else ReplayOut.model_validate(outcome.baseline),
        edited=ReplayOut.model_validate(outcome.edited),
        recorded=RecordedOut.model_validate(examined.recorded) if rule_id else None,
        newly_matching=_difference(outcome.newly_matching, people),
        no_longer_matching=_difference(outcome.no_longer_matching, people),
        unchanged_matching=outcome.unchanged,
        errors=ErrorsOut(
            count=outcome.errors.total(),
            reasons=[
                ReasonOut(reason=reason, count=count)
                for reason, count in outcome.errors.most_common(REASONS_TOLD)
            ],
        ),
        as_of=AsOfOut(now=sorted(set(variables) - OF_THEN), then=sorted(OF_THEN & set(variables))),
    )


def _difference(difference: Difference, people: People) -> DifferenceOut:
    return DifferenceOut(
        count=difference.count,
        participants=len(difference.participants),
        sample=[
            SampledEvent(
                event_id=event.id,
                participant_id=event.participant_id,
                external_id=_external_id(event.participant_id, people),
                created_at=event.created_at,
                event_type=event.type,
            )
            for event in difference.sample
        ],
    )


def _external_id(participant_id: UUID | None, people: People) -> str | None:
    person = None if participant_id is None else people.get(participant_id)
    return None if person is None else str(person["external_id"])
