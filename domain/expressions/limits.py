"""Bounds on what a condition may be, so that no text and no data can hold a worker up."""

MAX_TEXT_CHARACTERS = 2_048
MAX_NODES = 256
MAX_MACRO_NESTING = 2
MAX_PATTERN_CHARACTERS = 256
MAX_ROUND_DIGITS = 9

# One unit is about 0.1 us of the engine's time on one core, in the worst case the data limits allow.
COST_BUDGET = 400_000

# Compiled conditions hold about 25 KiB each.
CACHED_CONDITIONS = 10_000

# The engine stops any one evaluation after this many steps of comprehensions.
MAX_ITERATIONS = 10_000

# About the most scalars that each of two values within one stored document can hold.
MAX_ELEMENTS = 16_000
