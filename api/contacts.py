"""Contacts as Omnisend's clients write them: a participant is found, made or changed by what is said of them."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.documents import faults_beyond_limits, refuse_beyond_limits
from api.errors import Fault, invalid, invalid_fields
from api.schemas.contact import Contact
from domain.contact_tags import contact_tag
from domain.participant import Consent
from store.contacts import participant_at
from store.participants import (
    Lock,
    change_participant,
    get_participant,
    participant_by_external_id,
    upsert_participant,
)
from store.tables import Participant, Program

_COLUMNS = {"email": "email", "phone": "phone", "firstName": "first_name", "lastName": "last_name"}
# By the names under which filters look for them.
_ATTRIBUTES = {
    "gender": "gender",
    "birthdate": "birthdate",
    "address": "address",
    "city": "city",
    "state": "state",
    "country": "country",
    "countryCode": "country_code",
    "postalCode": "postal_code",
}
MOST_TAGS = 1_000


async def participant_of_contact(
    session: AsyncSession, program: Program, contact: Contact, source: str
) -> UUID:
    """Who it is; whoever is not known becomes a participant. `source`: what it is that tells. Raises a Refusal."""
    faults = contact_faults(contact)
    if faults:
        raise invalid_fields(faults)
    known = await _known(session, program, contact)
    if known is not None:
        known = await get_participant(session, program.id, known.id, Lock.AGAINST_CHANGE)
    if known is None:
        external_id = _names_of(contact)[0]
        upserted = await upsert_participant(session, program, external_id, _values(contact, None), source)
        return upserted.after.id
    values = {name: value for name, value in _values(contact, known).items() if getattr(known, name) != value}
    if values:
        await change_participant(session, program, known, values, source)
    return known.id


def contact_faults(contact: Contact) -> list[Fault]:
    """What keeps a participant from being found, made or changed by it."""
    faults = faults_beyond_limits(**{"contact.customProperties": contact.customProperties})
    if not _names_of(contact):
        nobody = Fault(field="contact", reason="does not say who it is", expected="id, email or phone")
        return [nobody, *faults]
    return faults


def _names_of(contact: Contact) -> list[str]:
    return [name for name in (contact.id, contact.email, contact.phone) if name]


async def _known(session: AsyncSession, program: Program, contact: Contact) -> Participant | None:
    if contact.id is not None:
        try:
            found = await get_participant(session, program.id, UUID(contact.id))
        except ValueError:
            found = None
        return found or await participant_by_external_id(session, program.id, contact.id)
    return await participant_at(session, program.id, contact.email, contact.phone)


def _values(contact: Contact, known: Participant | None) -> dict[str, Any]:
    """What a contact says, over what is known of the participant."""
    said = contact.model_dump(exclude_none=True)
    attributes = {column: said[name] for name, column in _ATTRIBUTES.items() if name in said}
    consent = {one.channel: Consent.SUBSCRIBED.value for one in contact.optIns}
    consent |= {one.channel: Consent.UNSUBSCRIBED.value for one in contact.optOuts}
    values: dict[str, Any] = {column: said[name] for name, column in _COLUMNS.items() if name in said}
    values["attributes"] = {
        **({} if known is None else known.attributes),
        **attributes,
        **contact.customProperties,
    }
    refuse_beyond_limits(**{"contact.customProperties": values["attributes"]})
    values["consent"] = {**({} if known is None else known.consent), **consent}
    values["tags"] = list(
        dict.fromkeys([*([] if known is None else known.tags), *map(contact_tag, contact.tags)])
    )
    if len(values["tags"]) > MOST_TAGS:
        raise invalid("contact.tags", "too many with those that the contact has", f"at most {MOST_TAGS}")
    return values
