from pathlib import Path

import pytest

from runtime.settings import Settings
from runtime.settings_reference import documented, renewed, settings_reference

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_meaning(name: str) -> None:
    (row,) = [
        line
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if f"`CARILLON_{name.upper()}`" in line
    ]
    _, _, default, meaning, _ = (cell.strip() for cell in row.replace("\\|", "/").split("|"))
    assert default
    assert meaning


def test_the_document_is_up_to_date() -> None:
    regenerate = "run .venv/bin/python -m runtime.settings_reference"
    assert documented(DOCUMENT.read_text(encoding="utf-8")) == settings_reference(), regenerate


def test_the_document_says_how_to_renew_it() -> None:
    assert "python -m runtime.settings_reference" in DOCUMENT.read_text(encoding="utf-8")


def test_renewing_the_document_leaves_the_rest_of_it_alone() -> None:
    text = "before\n<!-- settings: start -->\nold\n<!-- settings: end -->\nafter\n"
    new = renewed(text)
    assert new.startswith("before\n<!--")
    assert new.endswith("-->\nafter\n")
    assert documented(new) == settings_reference()
    assert renewed(new) == new


@pytest.mark.parametrize("text", ["", "<!-- settings: start -->", "<!-- settings: end -->"])
def test_a_document_without_the_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="settings: start"):
        renewed(text)
