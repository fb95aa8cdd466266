"""What became of each gate of a rule, from which one stopped it."""

from collections.abc import Sequence

from domain.rules.rule import Gate


def gate_outcomes(
    stopped_by: Gate | None, gates: Sequence[Gate] = tuple(Gate)
) -> tuple[tuple[Gate, bool | None], ...]:
    """`gates` in their order, each with whether it was open: None where it was not asked, as one before it was shut."""
    asked = len(gates) if stopped_by is None else gates.index(stopped_by)
    return tuple(
        (gate, True if place < asked else False if place == asked else None)
        for place, gate in enumerate(gates)
    )
