"""`timestamp(text)`: the texts whose instant PostgreSQL tells as the language does."""

from datetime import datetime

from store.expression_sql.bounds import Bounds
from store.expression_sql.fragments import FALSE, NULL, OPPOSITE, Parameters, Sql, all_true, any_true
from store.expression_sql.literals import instant
from store.expression_sql.values import UNKNOWN_VALUE, Constant, JsonValue, Kind, ParsedTime, Value, constant

_MONTH_AND_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
# The first and last years are left out: an offset could lead beyond them. 29 February is left to the engine.
CERTAIN_TIME = (
    "^(?:000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9])-"
    + _MONTH_AND_DAY
    + r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])$"
)

_WHOLE = "____-__-__T__:__:__Z"
_FRACTION = "____-__-__T__:__:__.______Z"

# A leap second is not where its text is; nor is a year after a space.
_IN_PLACE = "substr({0}, 18, 1) < '6' AND left({0}, 1) BETWEEN '0' AND '9'"


def timestamp_of(value: Value, parameters: Parameters) -> Value:
    if isinstance(value, Constant):
        moment = instant(value.value) if isinstance(value.value, str) else None
        return UNKNOWN_VALUE if moment is None else constant(parameters, Kind.TIMESTAMP, moment)
    if set(value.kinds) == {Kind.TIMESTAMP}:
        return value
    text = value.kinds.get(Kind.STRING, NULL)
    if text == NULL:
        return UNKNOWN_VALUE
    is_certain = f"{text} ~ {parameters.bind(CERTAIN_TIME, 'text')}"
    result = f"CASE WHEN {is_certain} THEN CAST({text} AS timestamptz) END"
    seconds = f"{value.kinds[Kind.INT]} IS NOT NULL" if isinstance(value, JsonValue) else FALSE
    unknown = any_true(value.unknown, f"NOT ({is_certain})", seconds)
    # Of all JSON only a text is written like a time, so there is no need to look at the type first.
    written = f"({value.document} #>> '{{}}')" if isinstance(value, JsonValue) else text
    return ParsedTime({Kind.TIMESTAMP: result}, unknown, is_exact=False, text=written)


def compared_as_text(
    operator: str, parsed: ParsedTime, moment: datetime, otherwise: Bounds, parameters: Parameters
) -> Bounds:
    """`parsed operator moment` by the order of texts, where both are in a form that times are stored in.

    `otherwise`: the same for all other forms. A text that only looks like a time is an error, so the upper bounds need
    not tell it apart.
    """
    seconds = moment.replace(microsecond=0)
    # Between a whole second and the next, all whole seconds are on one side.
    whole = operator if seconds == moment else {"<": "<=", ">=": ">"}.get(operator, operator)
    forms = (
        (_WHOLE, whole, f"{seconds:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")),
        (_FRACTION, operator, f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}".rjust(27, "0")),
    )
    written = parsed.text
    is_certain = f"{written} ~ {parameters.bind(CERTAIN_TIME, 'text')}"

    def by_form(mirrored: bool, certainly: bool, other: Sql) -> Sql:
        cases = ""
        for form, test, bound in forms:
            test = OPPOSITE[test] if mirrored else test
            holds = f'{written} {test} {parameters.bind(bound, "text")} COLLATE "C"'
            holds = all_true(holds, is_certain) if certainly else holds
            cases += f"WHEN {written} LIKE '{form}' AND {_IN_PLACE.format(written)} THEN {holds} "
        return f"CASE {cases}ELSE {other} END"

    return Bounds(
        by_form(False, True, otherwise.t_lo),
        by_form(False, False, otherwise.t_hi),
        by_form(True, True, otherwise.f_lo),
        by_form(True, False, otherwise.f_hi),
        is_exact=False,
    )
