"""Email over SMTP, on a few connections that are kept open."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import aiosmtplib
from email_validator import validate_email

from channels.channel import Delivery, DeliveryProblem, DeliveryStatus, Outgoing
from runtime.settings import Settings


class EmailChannel:
    """A pool of SMTP connections. A connection that misbehaves is dropped, never reused."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(settings.smtp_connections)

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        deliveries = [Delivery(DeliveryStatus.NOT_TRIED)] * len(messages)
        queue = list(reversed(list(enumerate(messages))))

        async def drain() -> None:
            while queue:
                index, message = queue.pop()
                deliveries[index] = await self._deliver(message)

        lanes = min(len(messages), self._settings.smtp_connections)
        await asyncio.gather(*(drain() for _ in range(lanes)))
        return deliveries

    async def _deliver(self, message: Outgoing) -> Delivery:
        async with self._slots:
            try:
                connection = await self._connection()
            except (aiosmtplib.SMTPException, OSError) as error:
                return Delivery(
                    DeliveryStatus.NOT_TRIED,
                    f"no connection to the mail server: {type(error).__name__}",
                    DeliveryProblem.NO_CONNECTION,
                )
            delivery = await self._hand_over(connection, message)
            if connection.is_connected and delivery.status is not DeliveryStatus.UNKNOWN:
                self._idle.append(connection)
            else:
                connection.close()
            return delivery

    async def _hand_over(self, connection: aiosmtplib.SMTP, message: Outgoing) -> Delivery:
        sender = parseaddr(self._settings.email_from)[1]
        try:
            content = compose(message, self._settings.email_from)
            recipient = ascii_address(message.recipient)
        except (ValueError, IndexError, MessageError) as error:
            return _failed(f"cannot be composed: {type(error).__name__}", DeliveryProblem.CANNOT_BE_COMPOSED)
        try:
            await connection.sendmail(sender, [recipient], content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            answer = error.recipients[0]
            return _failed(
                f"recipient refused: {answer.code} {answer.message}", DeliveryProblem.RECIPIENT_REFUSED
            )
        except aiosmtplib.SMTPResponseException as error:
            return _failed(f"refused: {error.code} {error.message}", DeliveryProblem.REFUSED)
        except ValueError as error:
            # Addresses are checked before anything is said to the server.
            return _failed(
                f"cannot be addressed: {type(error).__name__}", DeliveryProblem.CANNOT_BE_ADDRESSED
            )
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


def _failed(error: str, problem: DeliveryProblem) -> Delivery:
    return Delivery(DeliveryStatus.FAILED, error, problem)


async def _answers(connection: aiosmtplib.SMTP) -> bool:
    """A server may close an idle connection; RSET finds out before a message is at stake."""
    try:
        await connection.rset()
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


def ascii_address(address: str) -> str:
    """The address with its domain as every mail server understands it (`xn--...`).

    Raises ValueError when there is no such form: for a local part beyond ASCII, for one.
    """
    if address.isascii():
        return address
    checked = validate_email(address, check_deliverability=False, test_environment=True)
    if checked.ascii_email is None:
        raise ValueError("the local part is not ASCII")
    return checked.ascii_email


def compose(message: Outgoing, sender: str) -> bytes:
    """The message as RFC 5322 bytes.

    Raises ValueError, IndexError or MessageError for an address or a text that no mail can carry.
    """
    mail = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    mail["From"] = Address(display_name=name, addr_spec=address)
    mail["To"] = Address(addr_spec=ascii_address(message.recipient))
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message.message_id}@{address.rpartition('@')[2]}>"
    mail["X-Carillon-Message"] = str(message.message_id)
    mail.set_content(message.body)
    return mail.as_bytes()
