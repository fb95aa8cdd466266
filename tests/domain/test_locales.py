import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.locales import best_locale, normal_locale, spelt_once


@pytest.mark.parametrize(
    ("tag", "normal"),
    [
        ("en", "en"),
        ("ES", "es"),
        ("es_mx", "es-MX"),
        (" zh-hant-tw ", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("sl-IT-NEDIS", "sl-IT-nedis"),
    ],
)
def test_a_tag_is_written_in_one_way(tag: str, normal: str) -> None:
    assert normal_locale(tag) == normal


@pytest.mark.parametrize("tag", ["", "e", "english", "en-", "-", "en US", "é", "12"])
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="language tag"):
        normal_locale(tag)


@pytest.mark.parametrize("tags", [("en", "es-MX", "es"), ("en", "nonsense!", "nonsense!!"), ()])
def test_languages_that_are_not_the_same_are_left_as_they_are(tags: tuple[str, ...]) -> None:
    given = dict.fromkeys(tags, 1)
    assert spelt_once(given) is given


def test_every_other_spelling_of_a_language_is_named_with_the_first() -> None:
    with pytest.raises(ValidationError) as refused:
        spelt_once({"es_mx": 1, "en": 2, "es-MX": 3, "EN": 4, "ES-mx": 5})
    assert [(error["loc"], error["msg"]) for error in refused.value.errors()] == [
        (("es-MX",), "the same language as es_mx"),
        (("EN",), "the same language as en"),
        (("ES-mx",), "the same language as es_mx"),
    ]


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("es-MX", ["en", "es", "es-MX"], "es-MX"),
        ("es_mx", ["en", "es", "es-ES"], "es"),
        ("es-MX", ["en", "es-ES"], "en"),
        ("zh-Hant-TW", ["zh-Hant", "zh", "en"], "zh-Hant"),
        ("fr", ["en", "es"], "en"),
        (None, ["en", "es"], "en"),
        ("not a tag", ["en", "es"], "en"),
    ],
)
def test_the_nearest_language_is_chosen_and_else_the_default(
    wanted: str | None, available: list[str], chosen: str
) -> None:
    assert best_locale(wanted, available, "en") == chosen


@given(st.text(max_size=40))
def test_any_text_gets_a_language_that_there_is(wanted: str) -> None:
    assert best_locale(wanted, ["en", "es"], "en") in ("en", "es")
