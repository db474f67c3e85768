"""Chats that Telegram and Slack exported as JSON."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genloss.corpus.readers.bounded import whole_content
from genloss.corpus.readers.byte_stream import decoded
from genloss.corpus.readers.found import SELF, THIRD, Found, Unreadable, party
from genloss.errors import DataError

HEAD = 1 << 16
"""Bytes that are looked at to tell an export from other JSON."""


def export_in(file: Path) -> str:
    """Return 'telegram' or 'slack' where a .json file is such an export, or ''."""
    with file.open("rb") as stream:
        head = stream.read(HEAD).decode("utf-8", "ignore").lstrip("\ufeff \r\n\t")
    if head.startswith("{") and '"messages"' in head and '"date_unixtime"' in head:
        return "telegram"
    slack = '"ts"' in head and '"type"' in head and '"message"' in head
    return "slack" if head.startswith("[") and slack else ""


def telegram(file: Path, me: frozenset[str]) -> Found:
    """Yield the messages of result.json: of one chat, or of all of an account.

    What was forwarded is a third party's. Read as a whole.

    Raises:
        DataError: no JSON, no list of messages, or larger than the limit of one text.
    """
    content = _parsed(file)
    chats = _list_in(content["chats"], "list", file) if "chats" in content else [content]
    number = 0
    for chat in chats:
        for item in _list_in(chat, "messages", file):
            number += 1
            if isinstance(item, dict):
                yield number, _telegram(item, str(chat.get("name") or "a chat"), me)
            else:
                yield number, Unreadable("no message", "another entry than a message")


def _list_in(content: Any, name: str, file: Path) -> list[Any]:
    found = content.get(name, []) if isinstance(content, dict) else None
    if isinstance(found, list):
        return found
    raise DataError(f"{file}: {name!r} is no list; expected an export of Telegram; export it again")


def slack(file: Path, me: frozenset[str]) -> Found:
    """Yield the messages of one day of a channel; names are those of users.json beside or above.

    Raises:
        DataError: no JSON, or larger than the limit of one text.
    """
    names = _slack_names(file)
    for number, item in enumerate(_parsed(file), start=1):
        if not isinstance(item, dict) or item.get("type") != "message":
            yield number, Unreadable("no message", "another entry than a message")
            continue
        if not isinstance(text := item.get("text") or "", str):
            yield number, Unreadable("no text of a message", f"its text is {type(text).__name__}")
            continue
        user = str(item.get("user") or item.get("bot_id") or "unknown")
        known = names.get(user, (user,))
        author = known[0]
        bot = "bot_id" in item or item.get("subtype") == "bot_message"
        if item.get("subtype") and not bot:
            yield number, Unreadable("line of the program", str(item["subtype"])[:80])
            continue
        row = {"text": text, "source": f"chat {file.parent.name}"}
        row.update(conversation=file.parent.name, author=author)
        row["party"] = SELF if SELF in {party(name, me) for name in (user, *known)} else THIRD
        yield (
            number,
            {**row, "date": _seconds(item.get("ts")), **({"synthetic": True} if bot else {})},
        )


def _telegram(
    item: Mapping[str, Any], chat: str, me: frozenset[str]
) -> dict[str, Any] | Unreadable:
    if item.get("type") != "message":
        return Unreadable("line of the program", str(item.get("action") or item.get("type"))[:80])
    text = "".join(_pieces(item.get("text", "")))
    if not text.strip():
        return Unreadable("picture or deleted message", "holds no text")
    author, identity = (str(item.get(name) or "unknown") for name in ("from", "from_id"))
    whose = SELF if SELF in (party(author, me), party(identity, me)) else THIRD
    if item.get("forwarded_from"):
        author, whose = str(item["forwarded_from"]), THIRD
    row = {"text": text, "source": f"chat {chat}", "conversation": chat}
    return {**row, "author": author, "party": whose, "date": _seconds(item.get("date_unixtime"))}


def _pieces(text: Any) -> Iterator[str]:
    for piece in text if isinstance(text, list) else [text]:
        yield str(piece.get("text", "")) if isinstance(piece, Mapping) else str(piece)


def _seconds(value: Any) -> float | str | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None if value is None else str(value)


def _slack_names(file: Path) -> dict[str, tuple[str, ...]]:
    """Return the address and names of every user by id; the first stands for the author."""
    for folder in (file.parent, file.parent.parent):
        users = folder / "users.json"
        if users.is_file():
            return {
                str(user["id"]): _called(user)
                for user in _parsed(users)
                if isinstance(user, dict) and "id" in user
            }
    return {}


def _called(user: Mapping[str, Any]) -> tuple[str, ...]:
    profile = user["profile"] if isinstance(user.get("profile"), dict) else {}
    names = ("real_name", "display_name")
    called = [profile.get("email"), user.get("name"), user.get("real_name")]
    called += [profile.get(name) for name in names]
    return tuple(dict.fromkeys(str(name) for name in called if name)) or (str(user["id"]),)


def _parsed(file: Path) -> Any:
    try:
        return json.loads(decoded(whole_content(file), str(file)))
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file}: not JSON ({str(error)[:100]}); export it again") from None
