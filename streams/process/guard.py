"""A small program between this program and a child: whatever ends this one ends the child too.

Run as a script by nothing but the standard library, with a folder (or an empty text) and the
child's command as arguments. Reads one order from standard input: `stop` sends SIGTERM, and SIGKILL
after STOP_SECONDS; `kill` sends SIGKILL at once. The end of the input, which every death of the
parent brings about, counts as `stop`; the folder is then removed, as the parent would have done.
Ends after the child, with its status.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

STOP_SECONDS = 20.0
PR_SET_PDEATHSIG = 1
# The status a guard exits with when its child was ended by SIGTERM.
TERMINATED = 256 - signal.SIGTERM


def main(folder: str, command: list[str]) -> int:
    """Run the child until it ends or is ended; return its status."""
    guard = os.getpid()

    def die_with_guard() -> None:
        if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != guard:
            os._exit(1)

    # The pipe covers the parent's death on every system; the death of this guard can be passed on
    # by Linux only. That signal is sent when the *thread* that forked ends: here the main thread,
    # which waits for the child.
    child = subprocess.Popen(  # noqa: S603  # the parent's own command
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_guard if sys.platform == "linux" else None,
    )
    orders: list[str] = []
    threading.Thread(target=obey, args=(child, orders), daemon=True).start()
    status = child.wait()
    if folder and orders == [""]:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def obey(child: "subprocess.Popen[bytes]", orders: list[str]) -> None:
    """Record and carry out the first order; the end of the input is recorded as an empty one."""
    orders.append(sys.stdin.readline())
    if orders[0].strip() == "kill":
        child.kill()
        return
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
