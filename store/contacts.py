"""Participants by the addresses at which they are reached."""

from uuid import UUID

from sqlalchemy import ColumnElement, false, func, literal_column
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.phone_digits import dialled_digits
from store.tables import Participant
from store.tables.participant import DIGITS_OF_PHONE, HAS_EMAIL, HAS_PHONE


async def participant_at(
    session: AsyncSession, program_id: UUID, email: str | None, phone: str | None
) -> Participant | None:
    """Whose mail address, however written, or else whose phone number it is: the one who was there first."""
    for address in (_email(email), has_number(phone) if phone else None):
        if address is not None:
            statement = select(Participant).where(col(Participant.program_id) == program_id, address)
            statement = statement.order_by(col(Participant.created_at), col(Participant.id)).limit(1)
            found = (await session.exec(statement)).first()
            if found is not None:
                return found
    return None


def _email(email: str | None) -> ColumnElement[bool] | None:
    if not email:
        return None
    return (func.lower(col(Participant.email)) == email.lower()) & HAS_EMAIL


def has_number(number: str) -> ColumnElement[bool]:
    """Of a participant: that it is their phone number, however either is written."""
    digits = dialled_digits(number)
    return (literal_column(DIGITS_OF_PHONE) == digits) & HAS_PHONE if digits else false()
