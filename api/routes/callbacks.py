"""Where providers tell what became of messages. They hold no key: their signatures are checked."""

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from api.callback_signatures import signed_form, signed_message
from api.dependencies import SessionDep
from api.errors import invalid, not_found
from api.schemas.message_callback import MessageCallback
from domain.callback_paths import TWILIO_STATUS
from domain.twilio_callbacks import reply_of, status_news
from store.message_following import follow_message
from store.message_replies import take_reply
from store.programs import get_program
from store.received_callbacks import is_first_time

# Not of the surface that clients write to: providers have documents of their own.
router = APIRouter(prefix="/callbacks", tags=["callbacks"], include_in_schema=False)

BY_MESSAGES = "callback:messages"
BY_TWILIO = "callback:twilio"
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_CALLBACK: TypeAdapter[MessageCallback] = TypeAdapter(MessageCallback)

Form = Annotated[dict[str, str], Depends(signed_form)]
Signed = Annotated[tuple[str, bytes], Depends(signed_message)]


@router.post("/messages", status_code=204)
async def messages(session: SessionDep, signed: Signed) -> Response:
    """What became of a message, from any provider, by way of an adapter that signs by Standard Webhooks."""
    identifier, body = signed
    callback = _callback(body)
    now = datetime.now(UTC)
    if await is_first_time(session, BY_MESSAGES, identifier):
        news = callback.news(min(callback.timestamp or now, now))
        if not await follow_message(session, callback.data.message_id, news, BY_MESSAGES):
            raise not_found("Message")
    return Response(status_code=204)


@router.post(TWILIO_STATUS.removeprefix("/callbacks"), status_code=204)
async def twilio_status(session: SessionDep, form: Form, message_id: UUID) -> Response:
    """The status of an SMS or a WhatsApp message, from Twilio."""
    news = status_news(form, datetime.now(UTC))
    if news is not None and not await follow_message(session, message_id, news, BY_TWILIO):
        raise not_found("Message")
    return Response(status_code=204)


@router.post("/twilio/inbound/{program_id}")
async def twilio_inbound(session: SessionDep, form: Form, program_id: UUID) -> Response:
    """A message from somebody to a number of the program's, from Twilio."""
    reply = reply_of(form)
    if reply is None:
        raise invalid("From", "required, and so is MessageSid", "a message, as Twilio describes it")
    if await get_program(session, program_id) is None:
        raise not_found("Program")
    # Each program is told by itself, should they share a number.
    if await is_first_time(session, f"{BY_TWILIO}:{program_id}", reply.id):
        await take_reply(session, program_id, reply, BY_TWILIO, datetime.now(UTC))
    return Response(NO_REPLY, media_type="application/xml")


def _callback(body: bytes) -> MessageCallback:
    """Raises RequestValidationError, as a route does that is given the body by the framework."""
    try:
        return _CALLBACK.validate_json(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults, body=_document(body)) from None


def _document(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None
