"""A rule that is about to be stored or tried: checked whole, and every fault of it told at once."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import Fault, TextPosition, invalid_fields
from domain.actions import EnrollJourney
from domain.condition_forms import RuleConditions
from domain.definition_rules import DefinitionError
from domain.expressions import AttributeType
from domain.message_template_rules import fault_of_use, template_use
from domain.program_settings import attribute_types
from domain.rules.actions import ExitJourney, RuleAction, SendWebhook
from domain.rules.alerting import AlertSettings, WebhookAlert
from domain.rules.rule_checks import action_faults, check_conditions
from store.journeys import known_journeys
from store.message_templates import channels_of_templates
from store.tables import Program
from store.webhooks import known_endpoints


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """The parts of a rule that may be wrong in themselves; those that are not sent are empty."""

    conditions: RuleConditions | str | list[Any] | None = None
    actions: Sequence[RuleAction] = ()
    alert_settings: AlertSettings | None = None


async def checked_expression(session: AsyncSession, program: Program, draft: RuleDraft) -> str | None:
    """The expression that the draft's conditions come to. Raises a Refusal that lists every fault of the draft."""
    types = attribute_types(program.settings)
    expression, faults = await asyncio.to_thread(_checked, draft, types)
    wanted = dict(_webhooks(draft))
    known = await known_endpoints(session, program.id, wanted.values())
    faults += [
        Fault(field=field, reason="no such webhook in this program", received=str(webhook_id))
        for field, webhook_id in wanted.items()
        if webhook_id not in known
    ]
    journeys = dict(_journeys(draft))
    known_ids = await known_journeys(session, program.id, journeys.values())
    faults += [
        Fault(field=field, reason="no such journey in this program", received=journey_id)
        for field, journey_id in journeys.items()
        if journey_id not in known_ids
    ]
    faults += [fault_of(error) for error in await _template_faults(session, program, draft)]
    if faults:
        raise invalid_fields(faults)
    return expression


def _checked(draft: RuleDraft, types: Mapping[str, AttributeType]) -> tuple[str | None, list[Fault]]:
    conditions = check_conditions(draft.conditions, types)
    errors = [*conditions.faults, *action_faults(draft.actions, types)]
    return conditions.expression, [fault_of(error) for error in errors]


def fault_of(error: DefinitionError) -> Fault:
    return Fault(
        field=error.field,
        reason=error.reason,
        expected=error.expected,
        suggestion=error.suggestion,
        position=TextPosition.model_validate(error.position) if error.position else None,
    )


async def _template_faults(
    session: AsyncSession, program: Program, draft: RuleDraft
) -> list[DefinitionError]:
    uses = {
        f"actions.{index}.template_id": use
        for index, action in enumerate(draft.actions)
        if (use := template_use(action)) is not None
    }
    channels = await channels_of_templates(session, program.id, {id_ for id_, _ in uses.values()})
    faults = (fault_of_use(field, *use, channels) for field, use in uses.items())
    return [fault for fault in faults if fault is not None]


def _webhooks(draft: RuleDraft) -> Iterator[tuple[str, UUID]]:
    """The webhooks that the draft names, by the field in which it does."""
    for index, action in enumerate(draft.actions):
        if isinstance(action, SendWebhook):
            yield f"actions.{index}.webhook_id", action.webhook_id
    if draft.alert_settings is not None:
        for index, channel in enumerate(draft.alert_settings.channels):
            if isinstance(channel, WebhookAlert):
                yield f"alert_settings.channels.{index}.webhook_id", channel.webhook_id


def _journeys(draft: RuleDraft) -> Iterator[tuple[str, str]]:
    """The journeys that the draft names, by the field in which it does."""
    for index, action in enumerate(draft.actions):
        if isinstance(action, EnrollJourney | ExitJourney):
            yield f"actions.{index}.journey_id", action.journey_id
