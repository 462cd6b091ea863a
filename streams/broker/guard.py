"""Stands between a program and its Kafka: whatever ends the program ends the broker too.

Run as a script, with a folder (or nothing) and the broker's command as arguments, by nothing
but the standard library. Reads one order on its standard input: `stop` lets the broker shut
down, `kill` does not. The end of the input, which every death of the program brings about, is
a `stop`, and the folder is removed, as the program would have done. Ends after the broker.
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
# The status a guard gives for a program that a SIGTERM has ended.
TERMINATED = 256 - signal.SIGTERM


def main(folder: str, command: list[str]) -> int:
    """Run the broker until it ends or is ended; gives its status."""
    guard = os.getpid()

    def die_with_guard() -> None:
        if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != guard:
            os._exit(1)

    # The pipe covers the program's death on every system; that this guard itself is killed
    # only Linux can pass on. The signal comes when the *thread* that forked ends: here the
    # main thread, which waits for the broker.
    broker = subprocess.Popen(  # noqa: S603  # the program's own command
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_guard if sys.platform == "linux" else None,
    )
    orders: list[str] = []
    threading.Thread(target=obey, args=(broker, orders), daemon=True).start()
    status = broker.wait()
    if folder and orders == [""]:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def obey(broker: "subprocess.Popen[bytes]", orders: list[str]) -> None:
    """Note and carry out the first order; the end of orders is noted as an empty one."""
    orders.append(sys.stdin.readline())
    if orders[0].strip() == "kill":
        broker.kill()
        return
    broker.terminate()
    try:
        broker.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        broker.kill()


def ended(status: int) -> str:
    """Say how a guarded process ended; a guard gives its signal as 256 less the number."""
    number = -status if status < 0 else 256 - status
    return f"was killed by signal {number}" if number < 64 else f"ended with status {status}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
