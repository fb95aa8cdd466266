"""Random journeys as clients may write them, and random documents that are none."""

from typing import Any

from hypothesis import strategies as st

from domain.journeys.validation import Surroundings

Block = dict[str, Any]

EVENTS = st.sampled_from(["placed order", "started checkout", "signed up"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
GROUPS = st.builds(
    lambda how, value: {
        "logicalOperator": how,
        "filters": [{"field": "total", "operator": "gte", "value": value}],
    },
    st.sampled_from(["and", "or"]),
    st.integers(0, 100),
)
DURATIONS = st.builds(
    lambda amount, units: {"amount": amount, "units": units}, st.integers(1, 50), st.sampled_from("mhdwM")
)
DELAYS = st.one_of(
    DURATIONS.map(lambda duration: {"mode": "duration", "duration": duration}),
    st.just({"mode": "immediate", "allowedWeekdays": ["monday", "friday"]}),
    st.just({"mode": "specificTime", "time": "09:30", "timezone": "contact"}),
)
TAGS = TEXTS.map(lambda value: {"type": "addTag", "addTag": {"value": value}})
SMS = TEXTS.map(
    lambda message: {
        "type": "sendSms",
        "sendSms": {
            "message": message,
            "compliance": {"isStopKeywordIncluded": False, "isUnsubscribeLinkIncluded": False},
            "isSkipAllowed": False,
        },
    }
)
ATTRIBUTES = st.builds(
    lambda name, value: {"type": "updateAttribute", "updateAttribute": {"name": name, "value": value}},
    TEXTS,
    st.none() | st.integers(0, 9) | st.lists(TEXTS, max_size=2),
)
_FILTERS = st.just(
    {
        "logicalOperator": "and",
        "filters": [{"type": "contact", "field": "country", "operator": "eq", "value": "US"}],
    }
)


def _block(kind: str, inner: Any) -> Block:
    return {"type": kind, kind: inner}


def _branching(some: st.SearchStrategy[list[Block]]) -> st.SearchStrategy[Block]:
    below = some | st.just([])
    return st.one_of(
        st.builds(
            lambda group, yes, no: _block(
                "split", {"filterGroup": group, "trueBlocks": yes, "falseBlocks": no}
            ),
            _FILTERS,
            some,
            below,
        ),
        st.builds(
            lambda share, a, b: _block("abTesting", {"aBlocksPercentage": share, "aBlocks": a, "bBlocks": b}),
            st.integers(0, 100),
            below,
            some,
        ),
        st.builds(
            lambda event, timeout, yes, no: _block(
                "wait", {"event": event, "timeout": timeout, "eventBlocks": yes, "timeoutBlocks": no}
            ),
            EVENTS,
            DURATIONS,
            some,
            below,
        ),
        st.builds(
            lambda first, second: _block(
                "randomSplit", {"arms": [{"weight": 1, "blocks": first}, {"weight": 2, "blocks": second}]}
            ),
            some,
            below,
        ),
    )


def _sequences(inner: st.SearchStrategy[list[Block]] | None = None) -> st.SearchStrategy[list[Block]]:
    plain = st.one_of(
        DELAYS.map(lambda delay: _block("delay", delay)),
        st.one_of(TAGS, SMS, ATTRIBUTES).map(lambda action: _block("action", action)),
        EVENTS.map(lambda event: _block("goal", {"event": event})),
        st.integers(0, 100).map(lambda share: _block("holdout", {"percentage": share})),
    )
    # Nobody waits for nothing: an action ends each sequence.
    end = TAGS.map(lambda action: _block("action", action))
    blocks = plain if inner is None else plain | _branching(inner)
    return st.builds(lambda some, last: [*some, last], st.lists(blocks, max_size=3), end)


def _named(blocks: list[Block], numbers: Any) -> list[Block]:
    """Each block with a temporaryID of its own."""
    named = []
    for block in blocks:
        inner = dict(block[block["type"]])
        for name, value in inner.items():
            if name.endswith("Blocks"):
                inner[name] = _named(value, numbers)
            elif name == "arms":
                inner[name] = [arm | {"blocks": _named(arm["blocks"], numbers)} for arm in value]
        named.append({"temporaryID": f"t{next(numbers)}", "type": block["type"], block["type"]: inner})
    return named


def _journey(
    blocks: list[Block], event: str, groups: list[Any], exits: list[str], limiter: Any
) -> dict[str, Any]:
    return {
        "name": "Any",
        "trigger": {"condition": {"event": event, "filterGroups": groups}},
        "blocks": _named(blocks, iter(range(10_000))),
        "exitConditions": [{"event": each} for each in exits],
        "settings": {} if limiter is None else {"frequencyLimiter": limiter},
    }


LIMITER_DURATIONS = st.builds(
    lambda amount, units: {"amount": amount, "units": units}, st.integers(1, 52), st.sampled_from("hdw")
)
LIMITERS = st.one_of(
    st.none(),
    st.just({"mode": "once"}),
    LIMITER_DURATIONS.map(lambda duration: {"mode": "interval", "duration": duration}),
)
SEQUENCES = _sequences(_sequences(_sequences()))
JOURNEYS = st.builds(
    _journey,
    SEQUENCES,
    EVENTS,
    st.lists(GROUPS, max_size=2),
    st.lists(EVENTS, max_size=2),
    LIMITERS,
)
NOTHING_KNOWN = Surroundings()

_WORDS = st.sampled_from(
    [
        *("trigger", "condition", "event", "filterGroups", "filters", "field", "operator", "value", "blocks"),
        *(
            "type",
            "delay",
            "action",
            "split",
            "abTesting",
            "wait",
            "goal",
            "randomSplit",
            "arms",
            "trueBlocks",
        ),
        *("sendEmail", "sendSms", "addTag", "compliance", "urlMatch", "settings", "overlapLimiter", "id"),
        *(
            "automationIDs",
            "frequencyLimiter",
            "duration",
            "mode",
            "birthday",
            "eq",
            "in",
            "message",
            "blockID",
        ),
    ]
)
GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=25,
)
