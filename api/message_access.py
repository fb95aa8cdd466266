"""What a viewer sees of messages: all but where they went and what they said."""

from collections.abc import Sequence

from api.errors import Refusal
from api.schemas.message import MessageOut
from domain.identity import Identity
from domain.masking import masked_address, masked_error
from domain.roles import Role
from store.tables import Message


def sees_addresses(caller: Identity) -> bool:
    return caller.role is not Role.VIEWER


def refuse_search_by_address(caller: Identity) -> None:
    """Or a masked address could be found out letter by letter."""
    if not sees_addresses(caller):
        raise Refusal(403, "A viewer may not search by address")


def show_messages(caller: Identity, rows: Sequence[Message]) -> list[MessageOut]:
    shown = [MessageOut.model_validate(row) for row in rows]
    if sees_addresses(caller):
        return shown
    return [
        one.model_copy(
            update={
                "recipient": masked_address(one.recipient),
                "subject": None,
                "error": masked_error(one.error),
            }
        )
        for one in shown
    ]
