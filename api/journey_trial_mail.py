"""Sending the mail of a block to those who write it."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends

from api.dependencies import SessionDep
from api.errors import Fault, FaultCode, Refusal, invalid_fields, not_found
from api.journey_access import Writing
from api.journey_service import Destinations, JourneyService
from domain.actions import Channel
from domain.journeys.blocks import SendEmail
from domain.journeys.normalising import blocks_by_id
from domain.journeys.trial_mail import trial_mail
from domain.message_content import MessageContents, RenderedMessage
from domain.send_gates import is_address
from domain.send_policy import SendPolicy
from domain.templates import TemplateError
from store.journeys import definition_of
from store.message_templates import contents_of_row, get_template
from store.participant_values import template_values
from store.queued_messages import MessageToQueue, queue_messages
from store.suppressions import suppressed_among
from store.tables import Journey, Participant

# It was asked for, so nothing but a suppression keeps it.
AT_ONCE = SendPolicy(transactional=True)
UNTESTABLE = "unprocessable"


class TrialMails(JourneyService):
    """One per request, in the request's transaction."""

    async def send(self, journey_id: str, block_id: str, recipients: Sequence[str]) -> None:
        """Queue a mail to each. Raises a Refusal for blocks that send none, and where nothing may be sent."""
        journey = await self.read(journey_id)
        mail = _mail_of(journey, block_id)
        wanted = list(dict.fromkeys(recipients))
        _refuse_no_addresses(recipients)
        template_id, contents = await self._contents(mail)
        await self._refuse_suppressed(recipients)
        await queue_messages(
            self.session,
            [
                self._message(
                    journey, block_id, template_id, recipient, self._render(mail, contents, recipient)
                )
                for recipient in wanted
            ],
        )

    async def _contents(self, mail: SendEmail) -> tuple[UUID, MessageContents]:
        template_id = UUID(mail.content_id)
        template = await get_template(self.session, self.program.id, template_id)
        if template is None:
            raise Refusal(422, "The block has no content: its template is gone", code=UNTESTABLE)
        return template_id, contents_of_row(template)

    async def _refuse_suppressed(self, recipients: Sequence[str]) -> None:
        suppressed = await suppressed_among(self.session, self.program.id, Channel.EMAIL, recipients)
        faults = [
            Fault(
                field=f"recipients.{index}",
                reason=f"nothing is sent there: {suppressed[recipient]}",
                code=FaultCode.NOT_ALLOWED,
            )
            for index, recipient in enumerate(recipients)
            if recipient in suppressed
        ]
        if faults:
            raise Refusal(409, "Nothing is sent to some of them", code="suppressed", faults=faults)

    def _render(self, mail: SendEmail, contents: MessageContents, recipient: str) -> RenderedMessage:
        person = Participant(program_id=self.program.id, external_id="test", email=recipient)
        try:
            return trial_mail(mail, contents, template_values(person.model_dump()))
        except TemplateError as error:
            raise Refusal(422, f"The content cannot be rendered: {error}", code=UNTESTABLE) from None

    def _message(
        self, journey: Journey, block_id: str, template_id: UUID, recipient: str, mail: RenderedMessage
    ) -> MessageToQueue:
        id_ = uuid4()
        return MessageToQueue(
            id=id_,
            key=f"trial:{id_}",
            program_id=self.program.id,
            participant_id=None,
            channel=Channel.EMAIL,
            recipient=recipient,
            subject=mail.subject,
            body=mail.body,
            options=mail.options,
            sending=AT_ONCE,
            journey_id=journey.id,
            block_id=block_id,
            template_id=template_id,
        )


def _mail_of(journey: Journey, block_id: str) -> SendEmail:
    block = blocks_by_id(definition_of(journey).blocks).get(block_id)
    if block is None:
        raise not_found("Block")
    if block.action is None or block.action.send_email is None:
        raise Refusal(422, "The block sends no mail", code=UNTESTABLE)
    return block.action.send_email


def _refuse_no_addresses(recipients: Sequence[str]) -> None:
    faults = [
        Fault(
            field=f"recipients.{index}",
            reason="not an email address",
            expected="an address such as merchant@example.com",
            code=FaultCode.INVALID_FORMAT,
        )
        for index, recipient in enumerate(recipients)
        if not is_address(Channel.EMAIL, recipient)
    ]
    if faults:
        raise invalid_fields(faults)


async def _trials(session: SessionDep, acting: Writing, destinations: Destinations) -> TrialMails:
    return TrialMails(session, acting.program, destinations)


TrialMailsDep = Annotated[TrialMails, Depends(_trials, scope="function")]
