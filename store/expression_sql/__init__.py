"""Conditions compiled to PostgreSQL: which participants they hold for, as far as SQL can tell."""

from store.expression_sql.compilation import UNDECIDED, SqlCondition, compile_to_sql

__all__ = ["UNDECIDED", "SqlCondition", "compile_to_sql"]
