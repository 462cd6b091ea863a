"""Output files: written beside their final name, on disk, then renamed.

Whatever fails before the rename leaves the file of that name as it was.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

NEW_FILE_MODE = 0o666  # less the umask
# So many characters of the final name begin the temporary one: at most 200 bytes of 255.
NAME_LENGTH = 50
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
# Their names are open streams of the process: nothing can be renamed to them.
OPEN_STREAMS = ("/dev/fd/", "/dev/std", "/proc/")


class CannotWrite(OSError):
    """An output file that cannot be written; the message is one line with its name."""


class IsInput(Exception):
    """An output that is an input of the same command; the message names both."""


def require_no_input(output: Path, inputs: Mapping[str, Path]) -> None:
    """Raise IsInput if the output is one of the inputs, also by another name."""
    for name, path in inputs.items():
        if _is_same_file(output, path):
            raise IsInput(f"{output} is an input of this command ({name}): name another file")


@contextmanager
def output_file(
    path: Path, *, mode: int = NEW_FILE_MODE, is_new: bool = False
) -> Iterator[BinaryIO]:
    """Open a temporary file in the same folder; at the end it becomes the output.

    An existing file keeps its permissions, a new one has `mode`. A symbolic link is followed; what
    is no regular file, such as a pipe, is written directly. Raises CannotWrite, and
    FileExistsError if `is_new` and the name is in use; it is never written over then.
    """
    if is_new and os.path.lexists(path):
        raise FileExistsError(f"{path} exists")
    final = Path(os.path.realpath(path))
    try:
        if not is_new and _is_stream(path):
            with path.open("wb") as out:
                yield out
            return
        part, descriptor = _opened_beside(final, mode)
        try:
            with os.fdopen(descriptor, "wb") as out:
                _copy_permissions(final, descriptor)
                yield out
                out.flush()
                os.fsync(out.fileno())
            _rename(part, final, is_new=is_new)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in NO_ROOM or _concerns(error, path, final):
            raise CannotWrite(f"cannot write {path}: {_why(error, final)}") from error
        raise


def _is_same_file(output: Path, path: Path) -> bool:
    try:
        found = output.stat()
        return not stat.S_ISCHR(found.st_mode) and os.path.samestat(found, path.stat())
    except (OSError, ValueError):
        return False  # one of them does not exist


def _is_stream(path: Path) -> bool:
    if str(path.absolute()).startswith(OPEN_STREAMS):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def _opened_beside(final: Path, mode: int) -> tuple[Path, int]:
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(final))
    if final.exists() and not os.access(final, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only", str(final))
    part = final.with_name(f"{final.name[:NAME_LENGTH]}.{secrets.token_hex(4)}.part")
    return part, os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def _copy_permissions(final: Path, descriptor: int) -> None:
    if final.exists():
        existing = final.stat()
        # Another user's file stays theirs where this process may give files away.
        with suppress(OSError):
            os.fchown(descriptor, existing.st_uid, existing.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(existing.st_mode))


def _rename(part: Path, final: Path, *, is_new: bool) -> None:
    if is_new:
        _link(part, final)
    else:
        part.replace(final)
    # Some file systems cannot sync a folder; the content of the file is on disk all the same.
    with suppress(OSError):
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _link(part: Path, final: Path) -> None:
    """Rename without writing over a file that has appeared meanwhile."""
    try:
        final.hardlink_to(part)
    except FileExistsError as error:
        raise FileExistsError(f"{final} exists") from error
    except OSError as error:
        # Some file systems have no hard links.
        if os.path.lexists(final):
            raise FileExistsError(f"{final} exists") from error
        part.replace(final)


def _concerns(error: OSError, path: Path, final: Path) -> bool:
    """Whether an error is about the output, not about what is read to write it."""
    if error.filename is None:
        return False
    named = Path(os.fsdecode(error.filename))
    return named in (path, final) or (named.parent == final.parent and named.suffix == ".part")


def _why(error: OSError, final: Path) -> str:
    if isinstance(error, FileNotFoundError) and not final.parent.exists():
        return f"the folder {final.parent} does not exist"
    if isinstance(error, NotADirectoryError):
        return f"{final.parent} is no folder"
    if isinstance(error, PermissionError) and error.filename != str(final):
        return f"the folder {final.parent} is not writable"
    return error.strerror or str(error)
