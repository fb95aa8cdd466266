"""The OpenAPI document against the seeds: every operation, parameter and field, and none beyond but declared ones."""

import pytest

from tests.contract.seed_surface.comparison import (
    compared_fields,
    compared_operation,
    operations_of_the_document,
)
from tests.contract.seed_surface.seed import SEEDS, Operation, Seed

each_seed = pytest.mark.parametrize("seed", SEEDS, ids=str)


@pytest.mark.parametrize(
    ("seed", "section"), [(seed, section) for seed in SEEDS for section in seed.models], ids=str
)
def test_each_body_and_answer_has_the_seeds_fields_and_no_others_but_the_declared_extensions(
    seed: Seed, section: str
) -> None:
    assert [row for row in compared_fields(seed, section) if not row.agrees] == []


@pytest.mark.parametrize(
    ("seed", "operation"), [(seed, operation) for seed in SEEDS for operation in seed.operations], ids=str
)
def test_each_operation_takes_and_answers_what_the_seeds_does(seed: Seed, operation: Operation) -> None:
    assert [row for row in compared_operation(seed, operation) if not row.agrees] == []


@each_seed
def test_there_are_no_operations_beyond_the_seeds_but_the_declared_extensions(seed: Seed) -> None:
    stated = {str(operation) for operation in seed.operations}
    declared = set(seed.document["extensions"]["operations"])
    assert stated.isdisjoint(declared)
    assert set(operations_of_the_document(seed)) == stated | declared


@each_seed
def test_operations_take_no_headers_but_the_declared_ones(seed: Seed) -> None:
    headers = {
        parameter["name"]
        for operation in operations_of_the_document(seed).values()
        for parameter in operation.parameters
        if parameter["in"] == "header"
    }
    assert headers == set(seed.document["extensions"]["headers"])
