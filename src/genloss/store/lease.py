"""The lease of a bucket: it keeps out a second driver, and gives each one a later epoch.

No clocks are compared: a lease that does not change for as long as it says is one whose driver has
died.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from genloss.errors import StoreError
from genloss.store.bucket import Bucket, Content, Overtaken
from genloss.store.files import sealed, unsealed

LEASE = "lease.json"
SECONDS = 15.0
"""How long a lease holds without being renewed."""


@dataclass
class Lease:
    """A driver's hold on a bucket; owner: a random name; lost: why it holds no longer."""

    bucket: Bucket
    epoch: int
    owner: str
    lost: str = ""
    beat: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise StoreError where another driver has taken over."""
        if self.lost:
            raise StoreError(self.lost)

    def renew(self, found: Content | None, *, free: bool = False) -> None:
        """Replace the lease that was read; free: for the next driver, at once."""
        self.beat += 1
        value = {
            "owner": self.owner,
            "epoch": self.epoch,
            "beat": self.beat,
            "seconds": SECONDS,
            "free": free,
        }
        self.bucket.swap(LEASE, sealed(value), found)


@contextmanager
def leased(bucket: Bucket) -> Iterator[Lease]:
    """Hold a bucket as its only driver; one that died is waited for until its lease is over.

    Raises:
        StoreError: another driver is at work there.
    """
    found = bucket.read_version(LEASE)
    epoch = 1 if found is None else _abandoned(bucket, found)
    lease = Lease(bucket, epoch, secrets.token_hex(8))
    try:
        now = bucket.read_version(LEASE)
        if (now and now.bytes) != (found and found.bytes):
            raise _busy(bucket)
        lease.renew(now)
    except Overtaken as error:
        raise _busy(bucket) from error
    keeper = threading.Thread(target=_keep, args=(lease,), daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        lease.over.set()
        keeper.join()
        if not lease.lost:
            lease.renew(bucket.read_version(LEASE), free=True)


def _abandoned(bucket: Bucket, found: Content) -> int:
    """Return the epoch after that of a lease which nobody renews."""
    value = unsealed(found.bytes, bucket.place(LEASE))
    deadline = time.monotonic() + (0 if value["free"] else value["seconds"])
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = bucket.read_version(LEASE)
        if now is not None and now.bytes != found.bytes:
            raise _busy(bucket)
    return int(value["epoch"]) + 1


def _busy(bucket: Bucket) -> StoreError:
    return StoreError(
        f"another driver is at work in {bucket.url}; wait for it or stop it, or give this one "
        "another prefix"
    )


def _keep(lease: Lease) -> None:
    last = time.monotonic()
    while not lease.over.wait(SECONDS / 3):
        try:
            found = lease.bucket.read_version(LEASE)
            there = found and unsealed(found.bytes, lease.bucket.place(LEASE))
            if not there or there["owner"] != lease.owner:
                raise Overtaken("")
            lease.renew(found)
            last = time.monotonic()
        except Overtaken:
            lease.lost = f"another driver has taken over {lease.bucket.url}; this one leaves"
            return
        except StoreError as error:
            if time.monotonic() - last > SECONDS:
                lease.lost = f"the lease could not be renewed for {SECONDS:g} s: {error}"
                return
