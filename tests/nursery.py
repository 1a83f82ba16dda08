"""A process that has loaded what the verbs load, and forks itself for each run of one.

It reads orders, a line of JSON each: the folder, the arguments, the file for errors, and whether to
fork. To an order it answers with the number of the process that runs and, once that has ended,
with its status and its processor seconds. An order without a fork is run here, so that the forks
find everything loaded. The kernels of a fork are forks too, in all else as Jupyter starts them.
"""

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import replace
from typing import Any

from ipykernel.kernelapp import IPKernelApp

from tradeflows import cli
from tradeflows.report import chart_hook, frames
from tradeflows.retrieval.comtrade import planning

LOADED_FOR_KERNELS = chart_hook, frames
FIRST_ARGUMENT = 3  # of a kernel, after `python -m ipykernel_launcher`
ENDS = signal.SIGINT, signal.SIGTERM
HIGHEST = 1024  # more files than this are never open


def serve(answers):
    """Follow the orders until there are no more."""
    for line in sys.stdin:
        folder, arguments, errors, is_forked = json.loads(line)
        gc.freeze()  # a fork then copies less
        process = os.fork() if is_forked else 0
        if not process:
            os.chdir(folder)
            run(arguments, errors, is_forked)
        answers.write(f"{process}\n")
        answers.flush()
        _, status, used = os.wait4(process, 0) if process else (0, 0, None)
        seconds = used.ru_utime + used.ru_stime if used else 0.0
        answers.write(f"{os.waitstatus_to_exitcode(status)} {seconds}\n")
        answers.flush()


def run(arguments, errors, is_forked):
    """Run a verb: as a process of its own, which ends with it, or in this one."""
    if not is_forked:
        cli.main(arguments)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return
    with open(errors, "wb") as file:  # noqa: PTH123
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.argv[1:] = arguments
    status = 1
    try:
        status = cli.main()
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # as Python itself ends
        traceback.print_exc()
    finally:
        os._exit(status)


def fork_kernel(command, env=None, **options: Any):
    """Start a kernel as Jupyter does, but where another program would begin, go on with ours."""

    def go_on():
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.closerange(3, HIGHEST)  # by which the starter sees that the kernel has begun
        os.environ.clear()
        os.environ.update(env)
        try:
            starter = f"--IPKernelApp.parent_handle={env['JPY_PARENT_PID']}"
            IPKernelApp.launch_instance([*command[FIRST_ARGUMENT:], starter])
        finally:
            os._exit(0)

    # At a fork in Python, but not at a start by Jupyter, libraries run code of theirs, in which
    # an interrupt would be lost; so it waits, whichever thread it came to.
    met = []
    before = {number: signal.signal(number, lambda *come: met.append(come[0])) for number in ENDS}
    try:
        return subprocess.Popen(command, env=env, preexec_fn=go_on, **options)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in met:
            signal.raise_signal(number)


if __name__ == "__main__":
    planning.PREVIEW = replace(planning.PREVIEW, pause=0.0)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, sys.stdout.fileno())
    importlib.import_module("jupyter_client.launcher").Popen = fork_kernel
    serve(answers)
