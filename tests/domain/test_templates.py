import re

import liquid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.templates import MAX_LOOP_ITERATIONS, MAX_OUTPUT_BYTES, TemplateError, parse_template

LONG = f"(1..{10**11})"


def render(source: str, **values: object) -> str:
    return parse_template(source).render(values)


def problem_of(source: str, **values: object) -> str:
    with pytest.raises(TemplateError) as refused:
        render(source, **values)
    return str(refused.value)


def test_a_template_sees_the_participant_and_the_payload() -> None:
    text = render(
        "Hi {{ participant.first_name | default: 'friend' }}, {% if payload.vip %}welcome{% endif %}: "
        "{% for tag in participant.tags %}{{ tag }};{% endfor %}",
        participant={"first_name": "Ana", "tags": ["a", "b"]},
        payload={"vip": True},
    )
    assert text == "Hi Ana, welcome: a;b;"


@pytest.mark.parametrize(
    "source",
    [
        "{{ nobody }}",
        "{{ participant.first_name }}",
        "{{ payload.a.b.c }}",
        "{{ payload['a'][0] | upcase | append: payload.b }}",
        "{% for item in payload.items %}{{ item }}{% endfor %}",
        "{% if payload.a.b %}yes{% endif %}",
    ],
)
def test_an_unknown_variable_renders_as_nothing(source: str) -> None:
    assert render(source, participant={}, payload={}) == ""


def test_mail_is_plain_text_and_nothing_is_escaped() -> None:
    assert render("{{ name }}", name="<O'Brien & co>") == "<O'Brien & co>"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ a", "expected '}}', found end of file"),
        ("{% if a %}", "expected tag endif"),
        ("{% endif %}", "unexpected tag 'endif'"),
        ("{% shout %}", "shout"),
        ("{{ 'a' | shout }}", "unknown filter 'shout'"),
        ("{% include 'x' %}", "unexpected tag 'include'"),
        ("{% render 'x' %}", "unexpected tag 'render'"),
        ("{% if a %}" * 500 + "{% endif %}" * 500, "nesting"),
        ("{{ a" + "[a" * 5_000 + "]" * 5_000 + " }}", "unexpected liquid parsing error"),
        ("{% if a" + " and a" * 5_000 + " %}{% endif %}", "unexpected liquid parsing error"),
        (f"{{{{ {'9' * 5_000} }}}}", "conversion limit"),
    ],
)
def test_a_template_that_is_wrong_is_refused(source: str, said: str) -> None:
    assert said in problem_of(source)


def test_loops_are_bounded_together_when_they_nest() -> None:
    most = MAX_LOOP_ITERATIONS
    assert len(render(f"{{% for i in (1..{most}) %}}x{{% endfor %}}")) == most
    assert "loop iteration limit" in problem_of(
        "{% for i in (1..101) %}{% for j in (1..100) %}x{% endfor %}{% endfor %}"
    )


def test_the_output_is_bounded() -> None:
    assert "output stream limit" in problem_of("{{ a }}{{ a }}", a="x" * (MAX_OUTPUT_BYTES // 2 + 1))
    assert "output stream limit" in problem_of("{% for i in (1..9000) %}" + "x" * 60 + "{% endfor %}")


@pytest.mark.parametrize(
    "source",
    [
        f"{{{{ {LONG} | join }}}}",
        f"{{{{ {LONG} | reverse | first }}}}",
        f"{{% for i in {LONG} reversed %}}x{{% endfor %}}",
        f"{{% for i in {LONG} limit: 1 %}}x{{% endfor %}}",
        f"{{% tablerow i in {LONG} %}}x{{% endtablerow %}}",
        f"{{% if a == nil and {LONG} contains 'x' %}}y{{% endif %}}",
        f"{{% case {LONG} %}}{{% when 1 %}}y{{% endcase %}}",
        f"{{% assign n = {10**11} %}}{{% assign all = (1..n) %}}{{{{ all | join }}}}",
        "{{ (1..n) | join }}",
        "{{ (1..payload.n) | join }}",
        "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 40,
        "{{ 'x'" + " | replace: 'x', 'xxxxxxxxxx'" * 12 + " }}",
        "{{ text | replace: 'x', text }}",
        "{{ text | replace: '', text }}",
        "{{ text | split: '' | join: text }}",
        "{{ list " + "| concat: list" * 200 + " | join }}",
        "{{ 99999999" + " | times: 99999999" * 600 + " }}",
        "{% assign x = 99999999999 %}" + "{% assign x = x | times: x %}" * 25,
    ],
)
def test_no_template_fills_the_memory_or_runs_for_minutes(source: str) -> None:
    values = {"n": 10**11, "payload": {"n": 10**11}, "text": "x" * 5_000, "list": ["y" * 1_000] * 10}
    assert re.search("limit reached|is too l(ong|arge)|too much work", problem_of(source, **values))


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..9000) %}{% endfor %}" * 300,
        "{% for i in (1..9000) %}" + "{% if a %}{% endif %}" * 300 + "{% endfor %}",
        "{% for i in (1..9000) %}{{ text | split: '' | sort | first }}{% endfor %}",
        "{% for i in (1..9000) %}" + "{% if text contains 'xy' %}{% endif %}" * 9 + "{% endfor %}",
        f"{{% case 1 %}}{{% when {'1,' * 3_000}1 %}}" * 2 + "{% endcase %}" * 2,
        "{{ (1..9999) | uniq | size }}",
        "{{ text | replace: 'x', '1 ' | append: text | append: text | date: text | date: text | date: text }}",
    ],
)
def test_what_a_rendering_does_is_bounded_though_it_writes_nothing(source: str) -> None:
    assert "too much work" in problem_of(source, text="x" * 8_000)
    with pytest.raises(TemplateError, match="too much work"):
        parse_template(source).gaps({"text": "x" * 8_000})


def test_looking_for_gaps_is_bounded_too_and_tells_each_once() -> None:
    source = "{% for i in (1..9000) %}" + "{{ a }}{{ b }}" * 9 + "{% endfor %}"
    assert render(source) == ""
    with pytest.raises(TemplateError, match="too much work"):
        parse_template(source).gaps({})
    told = parse_template("{% for i in (1..9) %}{{ a }}{{ b }}{% endfor %}").gaps({})
    assert [gap.expression for gap in told] == ["a", "b"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{" + " " * 60_000, "expected '}}', found end of file"),
        ("Hi {{" + " " * 60_000 + "}}", "blanks in a row"),
        ("{{ a" + " " * 60_000 + "b }}", "blanks in a row"),
        ("{% if" + " " * 60_000 + "%}{% endif %}", "blanks in a row"),
        ("{% " + "a" * 60_000, "expected '%}', found end of file"),
        ("{% raw %}" * 7_000, "raw tag was never closed"),
        ("{% doc %}" * 7_000, "doc tag was never closed"),
        ("{% if " + "(" * 30_000 + "a" + ")" * 30_000 + " %}{% endif %}", "parentheses in a row"),
    ],
)
def test_no_source_takes_minutes_to_be_read(source: str, said: str) -> None:
    assert said in problem_of(source)


@pytest.mark.parametrize(
    ("source", "rendered"),
    [
        ("a" + " " * 9_000 + "b", "a" + " " * 9_000 + "b"),
        ("(" * 99 + "} %}} {", "(" * 99 + "} %}} {"),
        ("{% raw %}{{" + " " * 9_000 + "{% endraw %}", "{{" + " " * 9_000),
        ("{%- if a -%}{%- endif -%}", ""),
    ],
    ids=["blanks", "braces", "raw", "dashes"],
)
def test_what_is_not_markup_may_be_anything(source: str, rendered: str) -> None:
    assert render(source) == rendered


@pytest.mark.parametrize(
    "source",
    [
        "{{ text | upcase | escape | replace: 'X', 'yy' | truncate: 10 }}",
        "{% for i in (1..9999) %}{% if i == 3 %}{{ i | plus: 1 }}{% endif %}{% endfor %}",
        "{{ list | join: ', ' | size }}",
        "{{ list | concat: list | uniq | size }}",
        "{{ 12345678901234567890 | times: 3 }}",
        "{{ (1..9) | join: '-' }}",
    ],
)
def test_filters_within_bounds_are_left_alone(source: str) -> None:
    assert render(source, text="x" * 5_000, list=["y" * 1_000] * 10)


def test_a_problem_with_a_value_never_quotes_it() -> None:
    for source in (
        "{{ 1 | divided_by: a }}",
        "{{ a | date: a }}",
        "{{ a | where: a, a }}",
        "{{ a | plus: b }}",
    ):
        try:
            render(source, a="ana@example.org", b={"c": "ana@example.org"})
        except TemplateError as refused:
            assert "ana" not in str(refused)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ 1 | divided_by: a }}", "a value for filter 'divided_by' is not what the template needs"),
        ("{% if a < 1 %}x{% endif %}", "a value is not what the template needs"),
    ],
)
def test_a_problem_with_a_value_is_told_in_words(source: str, said: str) -> None:
    assert problem_of(source, a="x") == said


def test_equal_sources_are_parsed_once() -> None:
    assert parse_template("Hi {{ a }}") is parse_template("Hi {{ a }}")


hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([10**4_000, "9" * 5_000, "1e999999", "\ud800", "{{ a }}", "-1", "now", object()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FILTERS = sorted(liquid.Environment().filters)


@given(
    a=hostile,
    b=hostile,
    name=st.sampled_from(FILTERS),
    arguments=st.sampled_from(["", ": b", ": b, b", ": 1"]),
)
def test_hostile_values_raise_nothing_but_a_template_error(
    a: object, b: object, name: str, arguments: str
) -> None:
    try:
        rendered = render(f"{{{{ a }}}}{{{{ a.first }}}}{{{{ a | {name}{arguments} }}}}", a=a, b=b)
    except TemplateError:
        return
    assert len(rendered.encode()) <= MAX_OUTPUT_BYTES


@given(a=hostile, b=hostile)
def test_hostile_values_in_tags_raise_nothing_but_a_template_error(a: object, b: object) -> None:
    source = (
        "{% for x in a limit: b offset: b %}{{ x }}{{ forloop.index }}{% endfor %}{% if a > b %}1{% endif %}"
        "{% if a contains b %}2{% endif %}{% case a %}{% when b %}3{% endcase %}{% cycle a, b %}{{ (a..b) }}{{ a[b] }}"
    )
    for part in source.replace("{{ (", "\n{{ (").replace("{% if", "\n{% if").split("\n"):
        try:
            render(part, a=a, b=b)
        except TemplateError as refused:
            assert str(refused)


@given(st.one_of(st.text(max_size=60), st.text("{}%|'\"[](). abif=endorx12,:-", max_size=60)))
def test_no_source_raises_anything_but_a_template_error(source: str) -> None:
    try:
        render(source)
    except TemplateError as refused:
        assert str(refused)
