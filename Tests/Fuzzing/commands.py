"""Runs a command with limits of time and memory."""

import os
import resource
import signal
import subprocess
import time

TIME_LIMIT = 20


def limits():
    os.setpgrp()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))


def run(words, folder, time_limit=TIME_LIMIT):
    """The status (negative for a signal, None for a hang), the peak of memory in bytes, the errors."""
    environment = dict(
        os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", SWIFT_BACKTRACE="enable=no")
    errors_path = os.path.join(folder, "errors.txt")
    with open(errors_path, "wb") as errors:
        process = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            env=environment, preexec_fn=limits)
        end = time.monotonic() + time_limit
        status, usage = None, None
        while status is None:
            found, code, used = os.wait4(process.pid, os.WNOHANG)
            if found:
                status, usage = os.waitstatus_to_exitcode(code), used
            elif time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL)
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = -9
                break
            else:
                time.sleep(0.004)
        process.returncode = process.returncode or status
    with open(errors_path, "rb") as errors:
        text = errors.read(4000).decode(errors="replace")
    return status, usage.ru_maxrss << 10, text
