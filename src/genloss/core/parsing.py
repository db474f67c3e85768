"""Why a text cannot be parsed, as people say it rather than as parsers do."""

import json


def parsing_reason(error: BaseException) -> str:
    """Return why a text could not be decoded or parsed, in a few words."""
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return f"byte {error.start + 1:,} is {byte:#04x}, which is not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        what = f"{error.msg[:1].lower()}{error.msg[1:]}"
        return f"{what} in line {error.lineno:,}, column {error.colno:,}"
    if isinstance(error, RecursionError):
        return "its brackets are nested too deep"
    # What follows is advice to change a setting of the interpreter.
    return str(error).partition("; use sys.")[0]
