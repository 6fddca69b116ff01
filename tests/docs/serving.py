"""The program, imported once and run many times: ``python -m tests.docs.serving SOCKET``.

A page types ``review`` some twenty times; to start Python and import the program each time would
take most of the time of all pages. So a process that has imported it waits, and splits off one of
its own for each command, with the folder, environment and open files of the shell that asks.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import runpy
import signal
import socket
import sys
from importlib import import_module
from typing import Final

HEAVY: Final = ("scipy.stats", "matplotlib.backends.backend_agg", "pandas", "review.export")

CLIENT: Final = """\
import array, json, os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["REVIEW_SERVED_AT"])
s.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
s.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
s.shutdown(socket.SHUT_WR)
status = s.recv(4)
sys.exit(int(status) if status else 70)
"""
"""What stands for ``review`` and ``python`` in a page's shell; it imports next to nothing."""


def _run(arguments: list[str]) -> int:
    program, *rest = arguments
    sys.argv = arguments
    try:
        if program == "python":
            sys.argv = rest
            if rest[0] == "-c":
                exec(rest[1], {"__name__": "__main__"})
            else:
                runpy.run_path(rest[0], run_name="__main__")
        else:
            from review.cli import main

            main(rest, prog_name="review")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return ended.code or 0
    return 0


def _answer(connection: socket.socket) -> None:
    files = array.array("i")
    _, ancillary, *_ = connection.recvmsg(1, socket.CMSG_LEN(3 * files.itemsize))
    for _, _, data in ancillary:
        files.frombytes(data)
    asked = b""
    while part := connection.recv(65536):
        asked += part
    arguments, folder, environment = json.loads(asked)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    status = 70
    try:
        status = _run(arguments)
    except BaseException:  # as Python does where nobody catches
        import traceback

        traceback.print_exc()
        status = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    connection.sendall(str(status).encode())
    os._exit(status)


def serve(path: str) -> None:
    """Answer for ever; a child a command."""
    import click

    from review.cli import main

    def load(command: click.Command) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                load(command.get_command(click.Context(command), name) or command)

    load(main)
    for name in HEAVY:
        import_module(name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(8)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            _answer(connection)
        connection.close()


if __name__ == "__main__":
    serve(sys.argv[1])
