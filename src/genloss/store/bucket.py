"""A store of objects that machines share, through fsspec: whole objects, and puts with a condition.

Nothing is changed in place. Where a store has conditional puts, two writers that have read the same
version of an object cannot both replace it. S3 is asked whether it has them; of other stores
nothing is assumed.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from genloss.core.extras import optional
from genloss.errors import GenlossError, MissingExtra, SpecError, StoreError

MOST_TRIES = 20
"""Times that a put is tried again because others were faster."""


class Overtaken(StoreError):
    """Somebody replaced the object since it was read."""


@dataclass(frozen=True)
class Content:
    """An object as it was read, and what a conditional put must find unchanged."""

    bytes: bytes
    version: str


class Bucket:
    """All objects below a URL, by keys such as NAME/run.json.

    Credentials, endpoints and all else are taken from where fsspec takes them: its configuration
    and the environment. conditional: whether puts with a condition are refused as they should be.

    Raises:
        SpecError: a URL of no store that fsspec knows.
        MissingExtra: fsspec or its driver for the store is not installed.
        StoreError: the store refuses or does not answer.
    """

    def __init__(self, url: str) -> None:
        fsspec = optional("fsspec", "a shared store")
        self.url = url.rstrip("/")
        try:
            self.fs, self.root = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            raise MissingExtra(f"{url}: {error}; pip install 'genloss[ray]' for s3://") from error
        except ValueError as error:
            raise SpecError(f"{url}: {error}; expected such as s3://bucket/prefix") from error
        protocol = self.fs.protocol
        self.is_s3 = "s3" in ((protocol,) if isinstance(protocol, str) else protocol)
        self.conditional = self.is_s3 and self._refuses()

    def read(self, key: str) -> bytes | None:
        """Return an object; None where there is none."""
        with self._explained("read", key):
            try:
                content: bytes = self.fs.cat_file(self._path(key))
            except FileNotFoundError:
                return None
        return content

    def read_version(self, key: str) -> Content | None:
        """Return an object with its version or an older one, so that a put errs to refusing."""
        path = self._path(key)
        with self._explained("read", key):
            self.fs.invalidate_cache()
            try:
                version = str(self.fs.info(path).get("ETag", ""))
                return Content(self.fs.cat_file(path), version)
            except FileNotFoundError:
                return None

    def write(self, key: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        self._put(key, content)

    def swap(self, key: str, content: bytes, before: Content | None) -> None:
        """Replace the object that was read, or put a new one where none was.

        Raises:
            Overtaken: somebody else was faster; never where the store has no conditional put.
        """
        condition: dict[str, Any] = {}
        if self.conditional:
            condition = {"IfMatch": before.version} if before else {"IfNoneMatch": "*"}
        self._put(key, content, **condition)

    def remove(self, key: str) -> None:
        """Remove an object; nothing where none is."""
        with self._explained("remove", key), suppress(FileNotFoundError):
            self.fs.rm_file(self._path(key))

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys below a prefix, in order."""
        with self._explained("list", prefix):
            self.fs.invalidate_cache()
            try:
                paths = self.fs.find(self._path(prefix))
            except FileNotFoundError:
                return []
        return sorted(path[len(self.root) + 1 :] for path in paths)

    def place(self, key: str) -> str:
        """Return the URL of an object, for people."""
        return f"{self.url}/{key}"

    def _path(self, key: str) -> str:
        return f"{self.root}/{key}" if key else self.root

    def _put(self, key: str, content: bytes, **condition: str) -> None:
        path = self._path(key)
        with self._explained("write", key):
            if not self.is_s3:
                self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                self.fs.pipe_file(path, content, **condition)
            except OSError as error:
                if condition and _is_refusal(error):
                    raise Overtaken(f"{self.place(key)} was replaced by somebody else") from error
                raise

    def _refuses(self) -> bool:
        """Return whether the store refuses a put whose condition does not hold; leaves nothing."""
        key = f"probe-{secrets.token_hex(8)}"
        self._put(key, b"probe")
        try:
            for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"' + "0" * 32 + '"'}):
                try:
                    self._put(key, b"other", **condition)
                except Overtaken:
                    continue
                return False
            return True
        finally:
            self.remove(key)

    @contextmanager
    def _explained(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except GenlossError:
            raise
        except Exception as error:
            # Every store has errors of its own: those of botocore are no OSError.
            raise StoreError(
                f"cannot {action} {self.place(key)}: {str(error) or type(error).__name__}; check "
                "address, credentials and that the bucket exists; run the same command again: it "
                "resumes"
            ) from error


def _is_refusal(error: BaseException | None) -> bool:
    """Return whether an error says that the condition of a put did not hold."""
    while error is not None:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code in ("PreconditionFailed", "412", "ConditionalRequestConflict", "409"):
            return True
        error = error.__cause__
    return False
