"""Which workflows must be told once a transaction has committed."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.wake_up import Sleeper, WakeUp

_KEY = "wake_ups"


def wake_after_commit(session: AsyncSession, sleeper: Sleeper, ids: Iterable[UUID | str]) -> None:
    """Note workflows for which this transaction leaves something to do; whoever commits it tells them."""
    noted: set[WakeUp] = session.info.setdefault(_KEY, set())
    noted.update(WakeUp(sleeper, id_) for id_ in ids)


def wake_ups(session: AsyncSession) -> set[WakeUp]:
    """What has been noted in this session."""
    noted: set[WakeUp] = session.info.get(_KEY, set())
    return noted
