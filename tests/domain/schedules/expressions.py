"""Random five-field expressions in croniter's grammar, most of them valid."""

from hypothesis import strategies as st

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def _item(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high).map(str)
    value = (
        st.one_of(numbers, st.sampled_from(names), st.sampled_from(names).map(str.upper))
        if names
        else numbers
    )
    step = st.integers(1, high + 2).map(str)
    span = st.tuples(value, value).map("-".join)
    return st.one_of(
        value,
        value,
        span,
        st.tuples(span, step).map("/".join),
        st.tuples(st.just("*"), step).map("/".join),
        st.tuples(value, step).map("/".join),
    )


def _field(item: st.SearchStrategy[str], *, open_text: tuple[str, ...] = ("*",)) -> st.SearchStrategy[str]:
    listed = st.lists(item, min_size=1, max_size=3).map(",".join)
    return st.one_of(st.sampled_from(open_text), listed, st.tuples(st.just("*"), item).map(",".join), listed)


_ordinal = st.tuples(st.sampled_from([*WEEKDAYS, *"01234567"]), st.integers(1, 5).map(str)).map("#".join)
_span_ordinal = st.tuples(
    st.sampled_from(WEEKDAYS), st.sampled_from(WEEKDAYS), st.integers(1, 5).map(str)
).map(lambda parts: f"{parts[0]}-{parts[1]}#{parts[2]}")
_last = st.tuples(st.sampled_from("Ll"), st.integers(0, 7).map(str)).map("".join)
_nth = st.lists(st.one_of(_ordinal, _span_ordinal, _last), min_size=1, max_size=3).map(",".join)

_minute = _field(_item(0, 59))
_hour = _field(_item(0, 23))
_day = st.one_of(
    _field(_item(1, 31), open_text=("*", "?")),
    _field(_item(1, 31), open_text=("*", "?")),
    st.sampled_from(("L", "15,L", "l,1-3", "20-L", "L,L")),
    st.integers(1, 31).map(lambda day: f"{day}W"),
)
_month = _field(_item(1, 12, MONTHS))
_weekday = st.one_of(
    _field(_item(0, 7, WEEKDAYS), open_text=("*", "?")),
    _field(_item(0, 7, WEEKDAYS), open_text=("*", "?")),
    _nth,
    _nth.map("*,{}".format),
)

expressions = st.tuples(_minute, _hour, _day, _month, _weekday).map(" ".join)
