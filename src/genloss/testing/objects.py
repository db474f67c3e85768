"""Laws of every object that a spec may name: frozen, and its description builds it again."""

from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from typing import Any, Protocol

from genloss.core.about import about_class, cited
from genloss.errors import SpecError
from genloss.spec.build import PROTOCOLS, build, describe
from genloss.spec.figures import check_figure_name
from genloss.testing.laws import Law, Outcome, Skipped, check, require


@dataclass(frozen=True, eq=False)
class ObjectCase:
    """An object of a role."""

    subject: Any
    role: str


def check_object(subject: Any, role: str) -> Outcome:
    """Hold an object to the laws of all roles; the checks of the roles include them.

    role: as specs call it, such as 'learner'.

    Raises:
        ContractError: with all laws that do not hold.
        SpecError: an unknown role.
    """
    if role not in PROTOCOLS:
        raise SpecError(f"role is {role!r}; expected one of {', '.join(PROTOCOLS)}")
    return check(type(subject).__name__, OBJECT_LAWS, ObjectCase(subject, role))


class HasSubject(Protocol):
    """A case of an object that fills a role."""

    @property
    def subject(self) -> Any:
        """The object."""
        ...

    @property
    def role(self) -> str:
        """The role, as specs call it."""
        ...


def it_fills_its_role(case: HasSubject) -> None:
    """It has the methods of the Protocol."""
    protocol = PROTOCOLS[case.role]
    protocol_name = getattr(protocol, "__name__", case.role)
    what = f"{type(case.subject).__name__} without the methods of {protocol_name}"
    require(isinstance(case.subject, protocol), what, f"a {case.role}")


def it_is_a_frozen_dataclass(case: HasSubject) -> None:
    """Its fields are its identity, so nobody may change them."""
    cls = type(case.subject)
    require(is_dataclass(cls), f"{cls.__name__}, a class without fields", "a frozen dataclass")
    try:
        case.subject.no_such_field = 1
    except (FrozenInstanceError, AttributeError):
        return
    require(False, "a class whose fields can be set", "@dataclass(frozen=True)")


def its_description_builds_it_again(case: HasSubject) -> None:
    """Kind and fields, as plain values, are all that a run knows of it."""
    cls = type(case.subject)
    if "<locals>" in cls.__qualname__ or cls.__module__ == "__main__":
        raise Skipped(f"{cls.__qualname__} is not a class of a module that can be imported")
    description = describe(case.subject)
    is_table = isinstance(description, dict)
    require(is_table, f"{description!r} as its description", "a kind and fields")
    missing = {f.name for f in fields(case.subject) if f.init} - description.keys()
    require(not missing - _empty(case.subject), f"no {sorted(missing)}", "all fields")
    try:
        again = build(case.role, description)
    except SpecError as error:
        require(False, f"{description} that is refused ({error})", "a description that builds it")
        raise
    require(again == case.subject, f"{again!r} from {description}", "an equal object")
    require(describe(again) == description, f"{describe(again)} the second time", f"{description}")


def _empty(subject: Any) -> set[str]:
    return {f.name for f in fields(subject) if getattr(subject, f.name) is None}


def what_it_says_of_itself_is_whole(case: HasSubject) -> None:
    """A title, and works and a figure that are known."""
    about = about_class(type(case.subject))
    if about is None:
        raise Skipped("the class has no about")
    require(about.kind and about.title, f"{about}", "a kind and a title")
    try:
        cited(about)
    except SpecError as error:
        require(False, str(error), "works that are known")
    if about.figure:
        try:
            check_figure_name(about.figure, f"about of {about.kind}")
        except SpecError as error:
            require(False, str(error), "the name of a figure")


OBJECT_LAWS: tuple[Law[HasSubject], ...] = (
    it_fills_its_role,
    it_is_a_frozen_dataclass,
    its_description_builds_it_again,
    what_it_says_of_itself_is_whole,
)
