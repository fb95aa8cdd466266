import pytest

from domain.shown_names import shown_name


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Café ☕",
        "Ana López-Ruiz (Madrid)",
        "日本 太郎",
        "שלום\u200f!",
        "\u061cأنا",
        "👩‍🍳 kitchen",
        " ",
    ],
)
def test_names_of_all_scripts_are_taken_as_they_are(name: str) -> None:
    assert shown_name(name) == name


@pytest.mark.parametrize(
    "sign",
    ["\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"],
    ids=ascii,
)
def test_what_could_be_shown_as_another_name_is_refused(sign: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(sign):04X}; expected one line"):
        shown_name(f"Ana{sign}nimda")
