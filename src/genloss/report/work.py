"""A published work."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A published work; link is followed by nobody but a reader."""

    authors: str
    year: int
    title: str
    venue: str
    link: str = ""


def arxiv(number: str) -> str:
    """Return the address of a preprint."""
    return f"https://arxiv.org/abs/{number}"


def doi(name: str) -> str:
    """Return the address of a digital object identifier."""
    return f"https://doi.org/{name}"
