"""Where a server's files are: in memory where there is enough, gone after use, swept when their owner was killed."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.embedded.account import Account

MEMORY = Path("/dev/shm")  # noqa: S108  initdb and CREATE DATABASE are ten times as fast as on a disk (measured)
ENOUGH_MEMORY = 1 << 30  # a container's default is 64 MB, and one server with twenty databases fills 200 MB


class Place:
    """One server's folder, and the lock that says its owner lives.

    The lock is a file's flock: the kernel drops it with the process, so that neither a reused pid, a zombie nor
    another pid namespace can make a living server look dead.
    """

    def __init__(self, folder: Path, lock: IO[bytes]) -> None:
        self.folder = folder
        self._lock = lock

    @classmethod
    def claim(cls, account: Account | None, parent: Path | None = None) -> Place:
        """A new empty folder that ``account`` owns; the folders of dead owners are removed first."""
        parent = parent or own_folder(roomy())
        with only_one_at_once(parent):
            sweep(parent)
            folder = parent / secrets.token_hex(4)
            lock = lock_of(folder).open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        return cls(folder, lock)

    def remove(self) -> None:
        remove_with_lock(self.folder)
        self._lock.close()


def roomy() -> Path:
    """Memory where there is enough of it, else the folder for temporary files."""
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    enough = room.f_bavail * room.f_frsize >= ENOUGH_MEMORY and os.access(MEMORY, os.W_OK)
    return MEMORY if enough else Path(tempfile.gettempdir())


def own_folder(parent: Path) -> Path:
    """The present account's folder in a folder that everybody may write to."""
    folder = parent / f"zdmigrate-{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.geteuid() or folder.is_symlink():
        raise DatabaseError(
            f"{folder} is not a folder of this account, so no server's files can be trusted to it.",
            state="No server was started.",
            hint=f"Ask its owner to remove {folder}.",
        )
    folder.chmod(0o711)  # the server's account has to pass through, whatever the umask is
    return folder


def sweep(parent: Path) -> None:
    """Remove the folders whose owners are dead. A server that outlived its owner ends when it misses its files."""
    for path in parent.glob("*.lock"):
        with path.open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            remove_with_lock(path.with_suffix(""))


def remove_with_lock(folder: Path) -> None:
    """The lock goes last: a folder that a dying server still wrote to is left for the next sweep to find."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        lock_of(folder).unlink(missing_ok=True)


def lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


@contextmanager
def only_one_at_once(folder: Path) -> Iterator[None]:
    """Sweeping and claiming exclude each other, or a claim could be swept before it is locked."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
