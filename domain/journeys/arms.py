"""Who takes which arm: decided by a hash of journey, block and participant, so always the same and told offline."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

_SPACE = 2**64


def place(journey_id: str, block_id: str, participant_id: UUID) -> int:
    """Where a person lies at a block, from 0 to 2**64 - 1: always the same place, and its own at each block."""
    digest = sha256(f"{journey_id}:{block_id}:".encode() + participant_id.bytes).digest()
    return int.from_bytes(digest[:8])


def is_within(percentage: int, where: int) -> bool:
    """Whether a place is among so many of a hundred. Who is at one percentage, is at every higher one."""
    return where * 100 < percentage * _SPACE


def arm_of(weights: Sequence[int], where: int) -> int:
    """The number of the arm that a place belongs to, each arm as wide as its weight (at least one is above 0)."""
    total = sum(weights)
    passed = 0
    for number, weight in enumerate(weights):
        passed += weight
        if where * total < passed * _SPACE:
            return number
    raise ValueError("no arm has a weight")
