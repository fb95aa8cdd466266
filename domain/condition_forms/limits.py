"""Bounds on forms. What they come to must besides be within the language's own limits."""

MAX_COMPARISONS = 50
MAX_LISTED_VALUES = 50
MAX_HINTS = 100
MAX_GROUP_DEPTH = 5
MAX_FIELD_STEPS = 8
MAX_TEXT_CHARACTERS = 255
