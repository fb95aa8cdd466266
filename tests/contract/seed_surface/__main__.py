"""Print each field of the seed beside ours: `python -m tests.contract.seed_surface`."""

import sys
from collections.abc import Iterator

from tests.contract.seed_surface.comparison import SECTIONS, compared


def table() -> Iterator[str]:
    for section in SECTIONS:
        yield f"\n{section:13}{'field':26}{'seed':52}ours"
        for row in compared(section):
            yield f"{'' if row.agrees else 'DIFFERS':13}{row.field:26}{row.seed:52}{row.ours}"


def main() -> int:
    sys.stdout.writelines(f"{line}\n" for line in table())
    return 0 if all(row.agrees for section in SECTIONS for row in compared(section)) else 1


if __name__ == "__main__":
    sys.exit(main())
