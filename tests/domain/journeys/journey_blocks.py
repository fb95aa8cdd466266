"""Blocks of journeys, in few words, for tests."""

from typing import Any

from domain.journeys.definition import JourneyDefinition

Written = dict[str, Any]
CONTENT_ID = "11111111-1111-4111-8111-111111111111"


def tag(id_: str, value: str | None = None) -> Written:
    return {"id": id_, "type": "action", "action": {"type": "addTag", "addTag": {"value": value or id_}}}


def untag(id_: str, value: str) -> Written:
    return {"id": id_, "type": "action", "action": {"type": "removeTag", "removeTag": {"value": value}}}


def email(id_: str, *, skip: bool = True) -> Written:
    content = {
        "contentID": CONTENT_ID,
        "subject": "Hello",
        "preheader": "",
        "senderName": "Club",
        "language": "en_US",
        "isSkipAllowed": skip,
    }
    return {"id": id_, "type": "action", "action": {"type": "sendEmail", "sendEmail": content}}


def sms(id_: str, *, skip: bool = True) -> Written:
    content = {"message": "Hello", "compliance": {}, "isSkipAllowed": skip}
    return {"id": id_, "type": "action", "action": {"type": "sendSms", "sendSms": content}}


def delay(id_: str, amount: int = 1, units: str = "d") -> Written:
    return {
        "id": id_,
        "type": "delay",
        "delay": {"mode": "duration", "duration": {"amount": amount, "units": units}},
    }


def split(
    id_: str, filters: list[Written], yes: list[Written], no: list[Written], join: str = "and"
) -> Written:
    group = {"logicalOperator": join, "filters": filters}
    return {
        "id": id_,
        "type": "split",
        "split": {"filterGroup": group, "trueBlocks": yes, "falseBlocks": no},
    }


def tagged(value: str) -> Written:
    return {"type": "contact", "field": "tag", "operator": "eq", "value": value}


def opened(block_id: str) -> Written:
    return {"type": "message", "field": "blockID", "operator": "openedEmail", "value": block_id}


def ab(id_: str, percentage: int, a: list[Written], b: list[Written]) -> Written:
    arms = {"aBlocksPercentage": percentage, "aBlocks": a, "bBlocks": b}
    return {"id": id_, "type": "abTesting", "abTesting": arms}


def wait(id_: str, event: str, yes: list[Written], no: list[Written], days: int = 2) -> Written:
    parts = {
        "event": event,
        "timeout": {"amount": days, "units": "d"},
        "eventBlocks": yes,
        "timeoutBlocks": no,
    }
    return {"id": id_, "type": "wait", "wait": parts}


def goal(id_: str, event: str = "placed order") -> Written:
    return {"id": id_, "type": "goal", "goal": {"event": event}}


def holdout(id_: str, percentage: int) -> Written:
    return {"id": id_, "type": "holdout", "holdout": {"percentage": percentage}}


def random_split(id_: str, *arms: tuple[int, list[Written]]) -> Written:
    written = [{"weight": weight, "blocks": blocks} for weight, blocks in arms]
    return {"id": id_, "type": "randomSplit", "randomSplit": {"arms": written}}


def journey(*blocks: Written, **parts: Any) -> JourneyDefinition:
    return JourneyDefinition.model_validate(
        {"trigger": {"condition": {"event": "signed up"}}, "blocks": list(blocks), **parts}
    )
