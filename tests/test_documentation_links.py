"""What the documents refer to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
FILE = re.compile(r"`([\w./-]+/[\w.-]+)`")

# What is written by a run, and so is not there before.
WRITTEN_LATER = ("bench/results",)
PARTS = tuple(f"{part.name}/" for part in ROOT.iterdir() if part.is_dir() and not part.name.startswith("."))


def prose(document: Path) -> str:
    return FENCED.sub("", document.read_text(encoding="utf-8"))


def anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    text = LINK.sub(r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    return {anchor(heading) for heading in HEADING.findall(prose(document))}


def dead_links(document: Path) -> list[str]:
    links = [link for _, link in LINK.findall(prose(document)) if "://" not in link]
    return [link for link in links if not leads_somewhere(document, link)]


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, fragment = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not fragment or fragment in anchors(target))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    assert dead_links(document) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_that_are_named_exist(document: Path) -> None:
    named = [name for name in FILE.findall(prose(document)) if name.startswith(PARTS)]
    missing = [name for name in named if not name.startswith(WRITTEN_LATER) and not (ROOT / name).exists()]
    assert missing == []


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "# Two words, one\n[a](#two-words-one) [b](#three) [c](gone.md) [d](page.md#two-words-one)\n"
    )
    assert dead_links(document) == ["#three", "gone.md"]


def test_readers_come_to_every_document_from_the_readme() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        document = ahead.pop()
        if document in seen or document.suffix != ".md":
            continue
        seen.add(document)
        links = [link.partition("#")[0] for _, link in LINK.findall(prose(document)) if "://" not in link]
        ahead += [(document.parent / link).resolve() for link in links if link]
    assert [path.relative_to(ROOT).as_posix() for path in DOCUMENTS if path not in seen] == []
