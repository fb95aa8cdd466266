"""Participants by the addresses at which they are reached."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import Participant
from store.tables.participant import DIGITS_OF_PHONE, HAS_EMAIL, HAS_PHONE


async def participant_at(
    session: AsyncSession, program_id: UUID, email: str | None, phone: str | None
) -> Participant | None:
    """Whose mail address, however written, or else whose phone number it is: the one who was there first."""
    for address in (_email(email), _phone(phone)):
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


def _phone(phone: str | None) -> ColumnElement[bool] | None:
    digits = "".join(sign for sign in phone or "" if sign.isdigit())
    if not digits:
        return None
    return (literal_column(DIGITS_OF_PHONE) == digits) & HAS_PHONE
