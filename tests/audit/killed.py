"""Work in a fork that kills itself, for real, before a call to the file system."""

import os
import signal
import sys

CALLS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link")


def in_child(work, below, stop):
    """Do some work in a fork that dies before call number `stop` below a path; how it ended.

    Its end is signal.SIGKILL, or 0 where there were fewer calls.
    """
    child = os.fork()
    if child == 0:
        seen = 0

        def die_at_stop(event, args):
            nonlocal seen
            if event in CALLS and args and str(args[0]).startswith(str(below)):
                seen += 1
                if seen == stop:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die_at_stop)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]
