"""The one error a schedule raises."""


class ScheduleError(ValueError):
    """A schedule that cannot be accepted.

    ``field`` names the input at fault (``cron_expression``, ``timezone`` ...), ``reason`` says what is wrong
    with it and ``expected`` what would be right, when there is something to suggest. ``str()`` joins them.
    """

    def __init__(self, field: str, reason: str, expected: str | None = None) -> None:
        self.field = field
        self.reason = reason
        self.expected = expected
        sentence = f"{field} {reason}"
        super().__init__(f"{sentence}; expected {expected}." if expected else f"{sentence}.")

    def __reduce__(self) -> tuple[type["ScheduleError"], tuple[str, str, str | None]]:
        return type(self), (self.field, self.reason, self.expected)
