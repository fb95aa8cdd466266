import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.locales import best_locale, normal_locale


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
