"""How large a journey may be. Asked before anything else, so that nothing else has to fear its size."""

from collections.abc import Iterator, Mapping

from domain.condition_forms.errors import Place
from domain.journeys.validation.faults import JourneyFault, out_of_range

MAX_BLOCKS = 250
MAX_DEPTH = 20

BRANCHES: Mapping[str, tuple[str, ...]] = {
    "split": ("trueBlocks", "falseBlocks"),
    "abTesting": ("aBlocks", "bBlocks"),
    "wait": ("eventBlocks", "timeoutBlocks"),
}
ARMS = "randomSplit"


def size_faults(blocks: object, place: Place) -> Iterator[JourneyFault]:
    """At most one fault: `blocks` are too many, or nested too deep."""
    count = 0
    waiting = [(blocks, place, 1)]
    while waiting:
        listed, at, depth = waiting.pop()
        if not isinstance(listed, list | tuple):
            continue
        if listed and depth > MAX_DEPTH:
            yield out_of_range(at, "nested too deep", f"blocks nested at most {MAX_DEPTH} levels deep")
            return
        count += len(listed)
        if count > MAX_BLOCKS:
            yield out_of_range(place, "too many blocks", f"at most {MAX_BLOCKS} blocks, nested ones included")
            return
        for index, block in enumerate(listed):
            if isinstance(block, Mapping):
                waiting += ((branch, where, depth + 1) for branch, where in branches_of(block, at.of(index)))


def branches_of(block: Mapping[str, object], place: Place) -> Iterator[tuple[object, Place]]:
    """What a block has where its branches are, whatever that may be."""
    for key, names in BRANCHES.items():
        inner = block.get(key)
        if isinstance(inner, Mapping):
            for name in names:
                yield inner.get(name), place.of(key).of(name)
    inner = block.get(ARMS)
    if isinstance(inner, Mapping) and isinstance(arms := inner.get("arms"), list | tuple):
        for index, arm in enumerate(arms):
            if isinstance(arm, Mapping):
                yield arm.get("blocks"), place.of(ARMS).of("arms").of(index).of("blocks")
