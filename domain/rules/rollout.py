"""Which subjects a rule that is rolled out in part acts for."""

from hashlib import sha256
from uuid import UUID

BUCKETS = 100


def bucket(rule_id: UUID, subject: UUID) -> int:
    """The subject's place in the rollout of a rule, from 0 to 99: always the same one, and its own in each rule."""
    digest = sha256(rule_id.bytes + subject.bytes).digest()
    return int.from_bytes(digest) % BUCKETS


def is_rolled_out(rule_id: UUID, subject: UUID, percentage: int) -> bool:
    """Whether the rule acts for the subject at `percentage`, 0 (nobody) to 100 (everybody).

    Whoever it acts for at one percentage, it acts for at every higher one.
    """
    return bucket(rule_id, subject) < percentage
