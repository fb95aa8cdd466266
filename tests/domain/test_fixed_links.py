import pytest

from domain.fixed_links import is_broken_link


@pytest.mark.parametrize(
    ("source", "is_broken"),
    [
        ("https://shop.example/", False),
        ("https://shop.example/{{ participant.id }}", False),
        ("{{ payload.link }}", False),
        ("{% if a %}https://a.example{% endif %}", False),
        ("javascript:alert(1)", True),
        ("file:///etc/passwd", True),
        ("shop.example", True),
        ("https://shop.example/é", True),
        (" https://shop.example/", True),
        ("", True),
    ],
)
def test_a_link_without_liquid_has_to_be_a_url(source: str, is_broken: bool) -> None:
    assert is_broken_link(source) is is_broken
