"""Why a run reached a participant or did not: its gates as they were recorded, its conditions part by part."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import not_found
from api.expression_service import ExpressionService
from api.schemas.run_explanation import ExplainedEffectGate, RunExplained
from domain.actions import EnrollJourney, SendMessage
from domain.addresses import address_of
from domain.automation import Definition
from domain.gates import UNDECIDED, EffectGate, effect_gates
from domain.outcomes import Outcome, SkipReason
from domain.program_settings import readable_rules
from domain.send_gates.quiet_hours import zone_of
from store.ledger import ledger_row
from store.participants import get_participant
from store.past_state import with_state_at
from store.runs import get_run
from store.suppressions import suppressed_among
from store.tables import Participant, Program


async def explain_run(
    session: AsyncSession, program: Program, automation_id: UUID, run_id: UUID, participant_id: UUID
) -> RunExplained:
    """Raises a Refusal (404)."""
    run = await get_run(session, automation_id, run_id)
    if run is None or run.program_id != program.id:
        raise not_found("Run")
    participant = await get_participant(session, program.id, participant_id)
    if participant is None:
        raise not_found("Participant")
    row = await ledger_row(session, run.id, participant.id)
    outcome = None if row is None else Outcome(row.outcome)
    reason = None if row is None else row.reason
    definition = Definition.model_validate(run.definition)
    service = ExpressionService(program)
    held = participant.model_dump()
    filtered_at = run.started_at or run.requested_at
    guarded_at = None if row is None or outcome in UNDECIDED else row.updated_at
    guard_condition = None
    if guarded_at is not None:
        guarded = await with_state_at(session, held, guarded_at)
        guard_condition = await service.explain_saved(
            session, definition.guard_condition, guarded, guarded_at
        )
    filtered = await with_state_at(session, held, filtered_at)
    return RunExplained(
        outcome=outcome,
        reason=reason,
        error=None if row is None else row.error,
        gates=await _gates(session, program, definition, participant, outcome, reason),
        filtered_at=filtered_at,
        participant_filter=await service.explain_saved(
            session, definition.participant_filter, filtered, filtered_at
        ),
        guarded_at=guarded_at,
        guard_condition=guard_condition,
    )


async def _gates(
    session: AsyncSession,
    program: Program,
    definition: Definition,
    participant: Participant,
    outcome: Outcome | None,
    reason: str | None,
) -> list[ExplainedEffectGate]:
    inputs: dict[EffectGate, dict[str, Any]] = {
        EffectGate.FILTER: {"participant_filter": definition.participant_filter},
        EffectGate.STATUS: {"status": participant.status},
    }
    if definition.guard_condition is not None:
        inputs[EffectGate.GUARD] = {"guard_condition": definition.guard_condition}
    if isinstance(definition.action, SendMessage):
        inputs |= await _message_inputs(session, program, definition.action, participant)
    elif isinstance(definition.action, EnrollJourney):
        inputs[EffectGate.JOURNEY] = {"journey_id": definition.action.journey_id}
    stopped_by = SkipReason(reason) if reason is not None and _is_gates(outcome, reason) else None
    return [
        ExplainedEffectGate(gate=gate, open=is_open, inputs=inputs[gate])
        for gate, is_open in effect_gates(outcome, stopped_by, tuple(inputs))
    ]


async def _message_inputs(
    session: AsyncSession, program: Program, action: SendMessage, participant: Participant
) -> dict[EffectGate, dict[str, Any]]:
    """Of the gates at send time, in their order."""
    channel, policy = action.channel, action.sending
    rules = readable_rules(program.settings)
    address = address_of(channel, participant.model_dump())
    suppressed = await suppressed_among(session, program.id, channel, [address] if address else [])
    quiet = rules.quiet_hours
    windows = [said for said in (policy.recently_contacted, rules.recently_contacted) if said]
    inputs: dict[EffectGate, dict[str, Any]] = {
        EffectGate.CONSENT: {
            "channel": channel.value,
            "consent": participant.consent.get(channel.value),
            "threshold": policy.consent.value,
        },
        EffectGate.ADDRESS: {"channel": channel.value, "has_address": bool(address)},
        EffectGate.SUPPRESSION: {"suppressed": next(iter(suppressed.values()), None)},
        **({EffectGate.ONCE: {"once_per": action.once_per.model_dump()}} if action.once_per else {}),
        EffectGate.HOLDOUT: {
            "program_percentage": rules.holdout_percentage,
            "automation_percentage": policy.holdout_percentage,
        },
        EffectGate.QUIET_HOURS: {
            "quiet_hours": quiet and quiet.model_dump(mode="json"),
            "timezone": str(zone_of(participant.timezone, program.timezone)),
        },
        EffectGate.RECENTLY_CONTACTED: {
            "windows": [window.model_dump(mode="json") for window in windows],
            "last_contacted_at": participant.last_contacted_at,
        },
        EffectGate.FREQUENCY_CAP: {
            "caps": [cap.model_dump(mode="json") for cap in rules.frequency_caps],
            "priority": policy.priority,
        },
    }
    if policy.once_per_address:
        inputs[EffectGate.ONCE_PER_ADDRESS] = {"channel": channel.value}
    if policy.transactional:
        return {gate: seen | {"transactional": True} for gate, seen in inputs.items()}
    return inputs


def _is_gates(outcome: Outcome | None, reason: str) -> bool:
    """Whether the reason is a gate's, and not what became of the message after them."""
    return outcome is Outcome.SKIPPED or reason == SkipReason.INVALID_ADDRESS
