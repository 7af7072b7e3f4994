"""File locks between the commands of one checkout and of one download cache."""

import contextlib
import fcntl

from .console import say


@contextlib.contextmanager
def exclusive(path, waiting_for):
    """Hold `path` alone, so that two commands do not do the same set-up at once.

    :param Path path: the lock file
    :param str waiting_for: what to tell while another command holds it
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  waiting for another command: {waiting_for}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def shared(path, on_last):
    """Count the users of something: `on_last` runs when the last one leaves.

    :param Path path: the lock file
    :param callable on_last: called without arguments by the last user
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        try:
            yield
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                on_last()
