"""The shell examples of the documents run as they are copied, page by page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

SHELL = re.compile(r"^ *```bash\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
VARIABLES_OF = re.compile(r"shell\s+variables\s+of\s+(?:the\s+)?\[[^\]]*\]\(([^)#\s]+)", re.DOTALL)
SET = re.compile(r"(?:^|\s)([A-Z_]+)=", re.MULTILINE)
USED = re.compile(r"\$\{?([A-Z_]+)")
DEFINED = re.compile(r"^(\w+)\(\) \{", re.MULTILINE)
CALLED = re.compile(r"(?:^|\$\(|\| )(call|id_of|field|journeys|omnisend)\b(?!\()", re.MULTILINE)
# What `make install` puts into .venv/bin, and no shell finds by its name alone.
OF_THE_PROJECT = re.compile(r"^ *(carillon|temporal|python|pytest) .*", re.MULTILINE)


def shell(document: Path) -> str:
    return "\n".join(SHELL.findall(document.read_text(encoding="utf-8")))


def set_up(document: Path) -> str:
    """The examples of the page, and of those whose variables it says it uses."""
    others = VARIABLES_OF.findall(document.read_text(encoding="utf-8"))
    return "\n".join([shell(document), *(set_up((document.parent / other).resolve()) for other in others)])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_variable_of_an_example_is_set_on_its_page_or_on_one_that_it_names(document: Path) -> None:
    examples = set_up(document)
    assert set(USED.findall(shell(document))) - set(SET.findall(examples)) == set()
    assert set(CALLED.findall(shell(document))) - set(DEFINED.findall(examples)) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_name_commands_by_where_they_are_installed(document: Path) -> None:
    assert [line.group() for line in OF_THE_PROJECT.finditer(shell(document))] == []
