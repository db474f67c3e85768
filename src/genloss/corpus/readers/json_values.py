"""Values of JSON, in which no field of an object has two."""

import json
import re
from typing import Any

from genloss.core.parsing import parsing_reason
from genloss.errors import DataError

NAMED = re.compile(r'"\s*:')
"""The end of the name of a field, or what looks like it inside a text."""


class RepeatedFieldError(ValueError):
    """An object of JSON gives two values of one field."""


def value_of(text: str) -> Any:
    """Return the value that a text is, as `json.loads` does.

    Raises:
        RepeatedFieldError: a field of an object has two values.
        ValueError, RecursionError: not JSON; numbers of too many digits, brackets too deep.
    """
    value = json.loads(text)
    # To look at every field takes as long again: only where there may be more than came out.
    if isinstance(value, dict) and len(NAMED.findall(text)) > len(value):
        return json.loads(text, object_pairs_hook=distinct)
    return value


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of an object, as `object_pairs_hook` of json.

    Of two values json takes the last one, others take the first one or none.

    Raises:
        RepeatedFieldError: two values of one field.
    """
    fields = dict(pairs)
    if len(fields) < len(pairs):
        for name, value in pairs:
            if fields[name] != value:
                raise RepeatedFieldError(f"two values of the field {name!r}; give one")
    return fields


def not_json(error: BaseException, where: str) -> DataError:
    """Return the error of text that is not JSON."""
    return DataError(
        f"{where}: not JSON ({parsing_reason(error)}); expected one object a row, such as "
        '{"text": "..."}'
    )
