"""Telling the channels of a rule about its alert."""

from uuid import uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.rules.alert_levels import AlertLevel, AlertReason, Judgement, RunFigures
from domain.rules.alert_notices import AlertNotice
from domain.rules.alerting import AlertSettings, EmailAlert
from domain.webhooks import WebhookType
from store.queued_messages import MessageToQueue, queue_messages
from store.tables import AutomationRule, RuleAlert
from store.webhook_announcing import announce_to_endpoint


async def tell(
    session: AsyncSession,
    rule: AutomationRule,
    settings: AlertSettings,
    alert: RuleAlert,
    judgement: Judgement,
) -> None:
    """A notice on each channel once this transaction has committed. `judgement` is told when the alert is over."""
    notice = _notice(rule, settings, alert, judgement)
    recovered = notice.alert_level is AlertLevel.OK
    type_ = WebhookType.RULE_RECOVERED if recovered else WebhookType.RULE_ALERTED
    data = notice.model_dump(mode="json")
    for channel in dict.fromkeys(settings.channels):
        if isinstance(channel, EmailAlert):
            await queue_messages(session, [_mail(rule, notice, channel.to)])
        else:
            await announce_to_endpoint(session, rule.program_id, channel.webhook_id, type_, rule.id, data)


def _notice(
    rule: AutomationRule, settings: AlertSettings, alert: RuleAlert, judgement: Judgement
) -> AlertNotice:
    told = _judgement_of(alert) if alert.recovered_at is None else judgement
    return AlertNotice(
        alert_id=alert.id,
        rule_id=rule.id,
        rule_name=rule.name,
        alert_level=told.level,
        reason=AlertReason(alert.reason),
        window_hours=settings.window_hours,
        min_matched_runs=settings.min_matched_runs,
        matched_runs=told.figures.matched_runs,
        executed_runs=told.figures.executed_runs,
        failure_rate_pct=told.figures.failure_rate_pct,
        opened_at=alert.opened_at,
        recovered_at=alert.recovered_at,
        snoozed_until=alert.snoozed_until,
    )


def _judgement_of(alert: RuleAlert) -> Judgement:
    figures = RunFigures(alert.matched_runs, alert.executed_runs)
    return Judgement(AlertLevel(alert.level), AlertReason(alert.reason), figures)


def _mail(rule: AutomationRule, notice: AlertNotice, recipient: str) -> MessageToQueue:
    # One of each level of each alert, whatever is repeated.
    message_id = uuid5(notice.alert_id, f"{notice.alert_level}:{recipient}")
    return MessageToQueue(
        id=message_id,
        key=f"rule_alert:{message_id}",
        program_id=rule.program_id,
        participant_id=None,
        channel=Channel.EMAIL,
        recipient=recipient,
        subject=notice.subject,
        body=notice.body,
        rule_id=rule.id,
    )
