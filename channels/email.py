"""Email over SMTP, on a few connections that are kept open."""

import asyncio
from collections.abc import Sequence
from email.errors import MessageError
from email.utils import parseaddr

import aiosmtplib

from channels.channel import CannotTell, Delivery, DeliveryProblem, DeliveryStatus, Outgoing
from channels.lanes import send_in_lanes
from channels.mail_composition import compose
from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings


class EmailChannel(CannotTell):
    """A pool of SMTP connections. A connection that misbehaves is dropped, never reused."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(settings.smtp_connections)

    @property
    def policy(self) -> DeliveryPolicy:
        return self._settings.email_delivery_policy

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        return await send_in_lanes(messages, self._settings.smtp_connections, self._deliver)

    async def _deliver(self, message: Outgoing) -> Delivery:
        try:
            recipient = normal_address(Channel.EMAIL, message.recipient)
            content = compose(message, self._settings.email_from, recipient)
        except InvalidAddressError as error:
            return Delivery.misaddressed(error)
        except (ValueError, IndexError, MessageError) as error:
            problem = f"cannot be composed: {type(error).__name__}"
            return Delivery.failed(problem, DeliveryProblem.CANNOT_BE_COMPOSED)
        async with self._slots:
            try:
                connection = await self._connection()
            except (aiosmtplib.SMTPException, OSError) as error:
                return Delivery(
                    DeliveryStatus.NOT_TRIED,
                    f"no connection to the mail server: {type(error).__name__}",
                    DeliveryProblem.NO_CONNECTION,
                )
            delivery = await self._hand_over(connection, recipient, content)
            if connection.is_connected and delivery.status is not DeliveryStatus.UNKNOWN:
                self._idle.append(connection)
            else:
                connection.close()
            return delivery

    async def _hand_over(self, connection: aiosmtplib.SMTP, recipient: str, content: bytes) -> Delivery:
        sender = parseaddr(self._settings.email_from)[1]
        try:
            await connection.sendmail(sender, [recipient], content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            answer = error.recipients[0]
            return Delivery.failed(
                f"recipient refused: {answer.code} {answer.message}", DeliveryProblem.RECIPIENT_REFUSED
            )
        except aiosmtplib.SMTPResponseException as error:
            return Delivery.failed(f"refused: {error.code} {error.message}", DeliveryProblem.REFUSED)
        except ValueError as error:
            # Addresses are checked before anything is said to the server.
            problem = f"cannot be addressed: {type(error).__name__}"
            return Delivery.failed(problem, DeliveryProblem.CANNOT_BE_ADDRESSED)
        except (aiosmtplib.SMTPException, OSError) as error:
            # The link broke during the conversation: the server may have taken the message.
            return Delivery(
                DeliveryStatus.UNKNOWN,
                f"connection lost while sending: {type(error).__name__}",
                DeliveryProblem.CONNECTION_LOST,
            )
        return Delivery(DeliveryStatus.SENT)

    async def _connection(self) -> aiosmtplib.SMTP:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected and await _answers(connection):
                return connection
            connection.close()
        settings = self._settings
        connection = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            start_tls=settings.smtp_starttls,
            timeout=settings.smtp_timeout_seconds,
        )
        await connection.connect()
        return connection

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


async def _answers(connection: aiosmtplib.SMTP) -> bool:
    """A server may close an idle connection; RSET finds out before a message is at stake."""
    try:
        await connection.rset()
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True
