"""Text as clients send it."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from domain.shown_names import shown_name
from domain.storable_text import storable

Text = Annotated[str, AfterValidator(storable)]
Name = Annotated[str, StringConstraints(max_length=255), AfterValidator(storable)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(storable)]
ShownName = Annotated[Label, AfterValidator(shown_name)]
LongText = Annotated[str, StringConstraints(max_length=8_192), AfterValidator(storable)]
