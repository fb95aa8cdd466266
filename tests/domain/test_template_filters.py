"""Filters that no value goes with are found wherever they stand, and nothing else is."""

import pytest

from domain.templates import parse_template


def faults(source: str, *, html: bool = False) -> list[str]:
    return [str(fault) for fault in parse_template(source, html=html).faults({})]


@pytest.mark.parametrize("around", ["{}", "{{% if nobody %}}{}{{% endif %}}"])
@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ 'x' | replace }}", "filter 'replace': missing a required argument: 'seq'"),
        ("{{ name | replace }}", "filter 'replace': missing a required argument: 'seq'"),
        ("{{ name | upcase: 1 }}", "filter 'upcase': too many positional arguments"),
        (
            "{{ name | default: 'x', allow: true }}",
            "filter 'default': got an unexpected keyword argument 'allow'",
        ),
        ("{{ 1 | divided_by: 0 }}", "filter 'divided_by': can't divide by 0"),
        ("{{ points | divided_by: 0 }}", "filter 'divided_by': can't divide by 0"),
        ("{{ 'x' | truncate: 'y' }}", "filter 'truncate': expected an integer"),
        ("{{ name | strip | truncate: 'y' }}", "filter 'truncate': expected an integer"),
        ("{{ name | append: other | truncate: 'y' }}", "filter 'truncate': expected an integer"),
        ("{{ 'a,b' | split: ',' | size | modulo: 0 }}", "filter 'modulo': can't divide by 0"),
        ("{{ tags | concat: 'x' }}", "filter 'concat': cannot take its arguments"),
        ("{% assign half = points | divided_by: 0 %}", "filter 'divided_by': can't divide by 0"),
        ("{{ name | upcas }}", "unknown filter 'upcas'"),
    ],
)
def test_a_filter_that_takes_nothing_is_a_fault(around: str, source: str, html: bool, fault: str) -> None:
    assert faults(around.format(source), html=html) == [fault]


@pytest.mark.parametrize(
    "source",
    [
        "{{ points | divided_by: parts }}",
        "{% assign half = points | divided_by: parts %}{{ half }}",
        "{{ 'now' | date: '%s' | minus: 86400 | date: '%Y' }}",
        "{{ name | default: 'friend', allow_false: true | capitalize | append: '!' }}",
        "{{ born | date: '%d.%m.%Y' }}",
        "{{ tags | sort: 'rank' | first }}",
        "{{ tags | where: 'kind', 'x' | map: 'name' | join: ', ' }}",
        "{{ points | at_least: 5 | round: 2 }}",
        "{{ code | base64_decode }}",
        "{{ name | truncatewords: 3, '' }}",
    ],
)
@pytest.mark.parametrize("html", [False, True])
def test_what_some_values_go_with_is_none(source: str, html: bool) -> None:
    assert faults(source, html=html) == []


def test_a_fault_has_the_place_of_its_filter() -> None:
    (fault,) = parse_template("Hi\n{{ 1 | divided_by: 0 }}").faults({})
    assert fault.position is not None
    assert (fault.position.line, fault.position.column) == (2, 8)
