"""The command line, in a process that ends when who started it does: ``python -m kagemusha.testing.tethered serve …``.

Its standard input is a pipe whose other end the starter holds, and says nothing. The system closes that end whatever
the starter dies of, a SIGKILL included, and the process then ends itself as if told with SIGTERM.
"""

import os
import runpy
import signal
import threading


def _end_with_the_starter() -> None:
    # The signal is for those who wait for it, not for this thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    # Not sys.stdin, whose lock a thread that waits would hold while the interpreter ends.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    runpy.run_module("kagemusha", run_name="__main__", alter_sys=True)
