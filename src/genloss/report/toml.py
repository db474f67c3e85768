"""A spec as TOML, so that a report can be turned back into a run."""

import json
from collections.abc import Mapping
from typing import Any


def toml_text(spec: Mapping[str, Any]) -> str:
    """Return a described study as TOML; tomllib reads it back to the same dict.

    None has no TOML form and means the default, so such keys are left out.
    """
    plain = [f"{k} = {_value(v)}" for k, v in spec.items() if not _is_table(v) and v is not None]
    tables = [
        f"\n[{k}]\n" + "\n".join(f"{a} = {_value(b)}" for a, b in v.items() if b is not None)
        for k, v in spec.items()
        if _is_table(v)
    ]
    return "\n".join([*plain, *tables]) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{k} = {_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {pairs} }}"
    if isinstance(value, (list, tuple)):
        items = [_value(v) for v in value]
        if items and isinstance(value[0], Mapping):
            return "[\n  " + ",\n  ".join(items) + ",\n]"
        return f"[{', '.join(items)}]"
    # Numbers, booleans and text look the same in JSON and TOML.
    return json.dumps(value, ensure_ascii=False)
