"""What publishing means for people of other versions, as a decision."""

from hypothesis import given
from hypothesis import strategies as st

from domain.journeys.publishing import Outcome, PublishMode, PublishPlan, Standing

BLOCKS = st.sampled_from("abcdef")
STANDING = st.lists(
    st.builds(Standing, st.sampled_from(["v1", "v2"]), st.none() | BLOCKS, st.integers(1, 9)), max_size=6
)
STEP_MAPS = st.dictionaries(BLOCKS, st.none() | BLOCKS, max_size=5)


@given(STANDING, STEP_MAPS, st.sets(BLOCKS), st.sampled_from(list(PublishMode)))
def test_nobody_is_lost_and_nobody_ends_at_a_block_that_is_not_there(
    standing: list[Standing], step_map: dict[str, str | None], blocks: set[str], mode: PublishMode
) -> None:
    plan = PublishPlan(mode, step_map)
    impacts = plan.impacts(standing, blocks)
    assert [impact.standing for impact in impacts] == standing
    if mode is PublishMode.PIN:
        assert all(impact.outcome is Outcome.PINNED for impact in impacts)
    if list(plan.faults(standing, blocks)):
        return
    for impact in impacts:
        at = impact.to if impact.outcome is Outcome.MOVES else impact.standing.block_id
        in_new = at is None or at in blocks
        assert in_new or impact.outcome in (Outcome.PINNED, Outcome.LEAVES)
        if mode is PublishMode.MIGRATE:
            assert impact.outcome is not Outcome.PINNED
