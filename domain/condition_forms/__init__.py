"""Conditions as forms that people fill in, each translated to the one expression language."""

from domain.condition_forms.errors import ConditionFormError
from domain.condition_forms.filter_groups import Filter, FilterGroup, Subject, cel_of_filter_groups
from domain.condition_forms.filter_hints import FilterHint, HintKind, cel_of_hints
from domain.condition_forms.operators import Operator
from domain.condition_forms.rule_conditions import RuleCondition, RuleConditions, cel_of_conditions

__all__ = [
    "ConditionFormError",
    "Filter",
    "FilterGroup",
    "FilterHint",
    "HintKind",
    "Operator",
    "RuleCondition",
    "RuleConditions",
    "Subject",
    "cel_of_conditions",
    "cel_of_filter_groups",
    "cel_of_hints",
]
