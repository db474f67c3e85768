"""What `genloss kinds` shows: the names that a spec may use."""

from typing import Any

from genloss.cli import console
from genloss.errors import GenlossError, SpecError
from genloss.spec.build import entry_of_kind, kinds
from genloss.spec.registry import CATALOG
from genloss.spec.wording import nearest


def listed(role: str | None, json: bool) -> None:
    """List the roles, or the kinds of one with what each means.

    Raises:
        SpecError: no such role.
    """
    if role is None:
        _roles(json)
        return
    if role not in CATALOG:
        raise SpecError(f"no role {role!r}{nearest(role, CATALOG)}; there are {', '.join(CATALOG)}")
    rows = [_row(role, kind) for kind in kinds(role)]
    if json:
        console.print_json(rows)
    else:
        console.print_table([role, "what"], [[row["kind"], row["meaning"]] for row in rows])


def _roles(json: bool) -> None:
    counts = {role: len(kinds(role)) for role in CATALOG}
    if json:
        console.print_json(counts)
        return
    console.print_table(["role", "kinds"], [[role, str(n)] for role, n in counts.items()])
    console.print_line("List those of one: genloss kinds metric")


def _row(role: str, kind: str) -> dict[str, Any]:
    try:
        title, meaning = entry_of_kind(role, kind)
    except GenlossError as error:
        # A broken plug-in, or an extra that is not installed, takes nothing from the others.
        title, meaning = "", f"cannot be used: {error}"
    return {"kind": kind, "title": title, "meaning": meaning}
