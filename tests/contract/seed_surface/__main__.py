"""Print each operation and field of the seeds beside ours: `python -m tests.contract.seed_surface`."""

import sys
from collections.abc import Iterable, Iterator

from tests.contract.seed_surface.comparison import Row, compared_fields, compared_operation
from tests.contract.seed_surface.seed import SEEDS


def tables() -> Iterator[tuple[str, list[Row]]]:
    for seed in SEEDS:
        for operation in seed.operations:
            yield f"{seed}: {operation}", list(compared_operation(seed, operation))
        for section in seed.models:
            yield f"{seed}: {section}", list(compared_fields(seed, section))


def table(title: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f"\n{title}\n{'':10}{'name':28}{'seed':52}ours"
    for row in rows:
        yield f"{'' if row.agrees else 'DIFFERS':10}{row.name:28}{row.seed:52}{row.ours}"


def main() -> int:
    compared = list(tables())
    sys.stdout.writelines(f"{line}\n" for title, rows in compared for line in table(title, rows))
    return 0 if all(row.agrees for _, rows in compared for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
