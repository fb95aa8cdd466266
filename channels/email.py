"""Email over SMTP, on a few connections that are kept open."""

import asyncio
from collections.abc import Sequence
from email.errors import MessageError
from email.utils import parseaddr

import aiosmtplib

from channels.channel import CannotTell, Delivery, DeliveryProblem, DeliveryStatus, Outgoing
from channels.lanes import send_in_lanes
from channels.mail_composition import compose
from channels.mail_sender import Senders
from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings

# The server closes the connection.
SERVICE_NOT_AVAILABLE = 421


class EmailChannel(CannotTell):
    """A pool of SMTP connections. A connection that misbehaves is dropped, never reused."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._senders = Senders(settings.email_from, settings.email_sender_domains)
        self._bounces_to = parseaddr(settings.email_from)[1]
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
            content = compose(message, self._senders.of(message.options), recipient)
        except InvalidAddressError as error:
            return Delivery.misaddressed(error)
        except (ValueError, IndexError, MessageError) as error:
            problem = f"cannot be composed: {type(error).__name__}"
            return Delivery.failed(problem, DeliveryProblem.CANNOT_BE_COMPOSED)
        async with self._slots:
            while True:
                try:
                    connection, is_new = await self._connection()
                except (aiosmtplib.SMTPException, OSError) as error:
                    said = f"no connection to the mail server: {type(error).__name__}"
                    return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.NO_CONNECTION)
                delivery = await self._hand_over(connection, recipient, content)
                if connection.is_connected and delivery.problem is not DeliveryProblem.CONNECTION_LOST:
                    self._idle.append(connection)
                else:
                    connection.close()
                # A server may close a connection that was kept; nothing of the mail was said before that is heard.
                if delivery.status is not DeliveryStatus.NOT_TRIED or is_new:
                    return delivery

    async def _hand_over(self, connection: aiosmtplib.SMTP, recipient: str, content: bytes) -> Delivery:
        try:
            await connection.mail(self._bounces_to)
            await connection.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            if error.code == SERVICE_NOT_AVAILABLE:
                return _not_begun(error)
            await _start_over(connection)
            refused = isinstance(error, aiosmtplib.SMTPRecipientRefused)
            problem = DeliveryProblem.RECIPIENT_REFUSED if refused else DeliveryProblem.REFUSED
            said = "recipient refused" if refused else "refused"
            return Delivery.failed(f"{said}: {error.code} {error.message}", problem)
        except ValueError as error:
            # Addresses are checked before anything is said to the server.
            problem = DeliveryProblem.CANNOT_BE_ADDRESSED
            return Delivery.failed(f"cannot be addressed: {type(error).__name__}", problem)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _not_begun(error)
        try:
            await connection.data(content)
        except aiosmtplib.SMTPResponseException as error:
            await _start_over(connection)
            return Delivery.failed(f"refused: {error.code} {error.message}", DeliveryProblem.REFUSED)
        except (aiosmtplib.SMTPException, OSError) as error:
            # The link broke during the content: the server may have taken the message.
            said = f"connection lost while sending: {type(error).__name__}"
            return Delivery(DeliveryStatus.UNKNOWN, said, DeliveryProblem.CONNECTION_LOST)
        return Delivery(DeliveryStatus.SENT)

    async def _connection(self) -> tuple[aiosmtplib.SMTP, bool]:
        """One that is open, and whether it is a new one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected:
                return connection, False
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
        return connection, True

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _not_begun(error: Exception) -> Delivery:
    """The link broke, or the server withdrew, before it was given the content: it has taken nothing."""
    said = f"connection lost before the message: {type(error).__name__}"
    return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.CONNECTION_LOST)


async def _start_over(connection: aiosmtplib.SMTP) -> None:
    """Have the server forget the mail it refused, so that the next one can follow; else give the connection up."""
    try:
        await connection.rset()
    except (aiosmtplib.SMTPException, OSError):
        connection.close()
