from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import Refusal, invalid, not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.webhook import (
    CreateWebhook,
    PatchWebhook,
    WebhookDeliveryOut,
    WebhookOut,
    WebhookWithSecret,
)
from domain.destinations import DestinationError, DestinationRules, parse_destination
from domain.wake_up import Sleeper
from domain.webhooks import WebhookDeliveryStatus, WebhookType
from store.tables import WebhookEndpoint
from store.waking import wake_after_commit
from store.webhook_deliveries import DeliveryFilter, add_test, begin_anew, list_deliveries, lock_delivery
from store.webhooks import (
    count_endpoints,
    get_endpoint,
    list_endpoints,
    lock_endpoint,
    new_secret,
    rotate_secret,
)

router = APIRouter(prefix="/v1/programs/{program_id}/webhooks", tags=["webhooks"])

# Everything that happens in a program is written once for each.
MOST_OF_A_PROGRAM = 20
NOT_NULL = ("url", "event_types", "enabled")


async def _rules(request: Request) -> DestinationRules:
    rules: DestinationRules = request.app.state.destination_rules
    return rules


async def _readable(session: SessionDep, program: ReadableProgram, webhook_id: UUID) -> WebhookEndpoint:
    return _found(await get_endpoint(session, program.id, webhook_id))


async def _writable(session: SessionDep, program: WritableProgram, webhook_id: UUID) -> WebhookEndpoint:
    return _found(await lock_endpoint(session, program.id, webhook_id))


Rules = Annotated[DestinationRules, Depends(_rules)]
Readable = Annotated[WebhookEndpoint, Depends(_readable, scope="function")]
Writable = Annotated[WebhookEndpoint, Depends(_writable, scope="function")]


@router.post("", status_code=201)
async def create(
    request: Request, session: SessionDep, program: WritableProgram, rules: Rules, body: CreateWebhook
) -> WebhookWithSecret:
    """Be told at a URL what happens in the program. The answer holds the signing secret, which is never shown again:
    repeated with the same Idempotency-Key, `secret` is null. A program has at most 20 webhooks (409)."""
    request.state.shown_once = ("secret",)
    _check_url(body.url, rules)
    if await count_endpoints(session, program.id) >= MOST_OF_A_PROGRAM:
        raise Refusal(409, f"A program has at most {MOST_OF_A_PROGRAM} webhooks")
    endpoint = WebhookEndpoint(program_id=program.id, secret=new_secret(), **body.model_dump(mode="json"))
    session.add(endpoint)
    return WebhookWithSecret.model_validate(endpoint)


@router.get("")
async def list_(session: SessionDep, program: ReadableProgram, page: PageDep) -> Listing[WebhookOut]:
    """Webhooks, newest first, without their secrets."""
    found = await valid_page(list_endpoints(session, program.id, page))
    return listing([WebhookOut.model_validate(endpoint) for endpoint in found.rows], found.next_cursor)


@router.get("/{webhook_id}")
async def get(endpoint: Readable) -> WebhookOut:
    """One webhook, without its secret."""
    return WebhookOut.model_validate(endpoint)


@router.patch("/{webhook_id}")
async def patch(session: SessionDep, endpoint: Writable, rules: Rules, body: PatchWebhook) -> WebhookOut:
    """Change only the fields sent. Switched off, it is told nothing new, and what is pending waits until it is
    switched on again."""
    values = body.model_dump(mode="json", exclude_unset=True)
    for name in NOT_NULL:
        if name in values and values[name] is None:
            raise invalid(name, "cannot be null", "a value, or leave it out")
    if "url" in values:
        _check_url(values["url"], rules)
    for name, value in values.items():
        setattr(endpoint, name, value)
    if "enabled" in values:
        endpoint.disabled_reason = endpoint.failing_since = None
    if endpoint.enabled:
        wake_after_commit(session, Sleeper.WEBHOOK, [endpoint.id])
    endpoint.updated_at = datetime.now(UTC)
    return WebhookOut.model_validate(endpoint)


@router.delete("/{webhook_id}", status_code=204)
async def delete(session: SessionDep, endpoint: Writable) -> Response:
    """Remove it, with its deliveries. What is being sent at this moment may still arrive."""
    await session.delete(endpoint)
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate-secret")
async def rotate(request: Request, endpoint: Writable) -> WebhookWithSecret:
    """A new secret, shown once. For 24 hours messages are signed with the one before it, too."""
    request.state.shown_once = ("secret",)
    now = datetime.now(UTC)
    rotate_secret(endpoint, now)
    endpoint.updated_at = now
    return WebhookWithSecret.model_validate(endpoint)


@router.post("/{webhook_id}/test", status_code=202)
async def test(session: SessionDep, endpoint: Writable) -> WebhookDeliveryOut:
    """Send a `webhook.test`, once, whatever types it wants. How that went is in its deliveries. 409 when it is
    switched off."""
    _refuse_disabled(endpoint)
    return WebhookDeliveryOut.model_validate(await add_test(session, endpoint, datetime.now(UTC)))


@router.get("/{webhook_id}/deliveries")
async def deliveries(
    session: SessionDep,
    endpoint: Readable,
    page: PageDep,
    status: WebhookDeliveryStatus | None = None,
    type_: Annotated[WebhookType | None, Query(alias="type")] = None,
) -> Listing[WebhookDeliveryOut]:
    """Messages for this webhook, newest first, and what became of them. Kept for 30 days, if not set otherwise."""
    wanted = DeliveryFilter(status, type_)
    found = await valid_page(list_deliveries(session, endpoint.id, wanted, page))
    return listing([WebhookDeliveryOut.model_validate(row) for row in found.rows], found.next_cursor)


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
async def redeliver(session: SessionDep, endpoint: Writable, delivery_id: UUID) -> WebhookDeliveryOut:
    """Send a message again, under the same id, delivered or not; it is tried as often as a new one. 409 when the
    webhook is switched off."""
    delivery = await lock_delivery(session, endpoint.id, delivery_id)
    if delivery is None:
        raise not_found("Delivery")
    _refuse_disabled(endpoint)
    begin_anew(session, delivery, datetime.now(UTC))
    return WebhookDeliveryOut.model_validate(delivery)


def _found(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise not_found("Webhook")
    return endpoint


def _refuse_disabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.enabled:
        raise Refusal(409, "The webhook is switched off; set enabled to true first")


def _check_url(url: str, rules: DestinationRules) -> None:
    try:
        parse_destination(url, rules)
    except DestinationError as error:
        raise invalid("url", error.reason, error.expected) from None
