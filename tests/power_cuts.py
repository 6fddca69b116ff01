"""What is on the disk after a power cut, replayed from what a process asked the system for.

A kill keeps what the system has in memory, so it proves nothing about a cut. Here a process is
traced (strace) as it writes, syncs, renames and removes files. A cut is a chance moment of that
trace: what a sync covered before it is on the disk; each write since then is, by chance, or is not.
Whole writes survive or do not: torn sectors and disks that lie about a sync are not replayed.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

CALLS: Final = (
    "openat,pwrite64,pwritev,write,writev,fsync,fdatasync,ftruncate,truncate,unlink,unlinkat,"
    "rename,renameat,renameat2,mkdir,mkdirat,rmdir,lseek,close,fallocate,copy_file_range,sendfile,"
    "link,linkat,symlink,symlinkat,chmod,fchmod"
)
_LINE: Final = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_BEGUN: Final = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
_ENDED: Final = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_NAME: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HANDLE: Final = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
_OTHER: Final = frozenset({"chmod", "fchmod"})
ACK: Final = "done "


def _text(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", ""))


@dataclass
class Change:
    """One change of the disk, and the step of the trace after which it is there for sure."""

    step: int
    file: int | None = None
    """The file of a write or a new length; None for a change of a folder."""
    at: int = 0
    data: bytes | None = None
    """What was written; None where the length became `at`."""
    folder: Path | None = None
    names: tuple[tuple[str, int | None], ...] = ()
    """Names of the folder that changed, and the file (0 a folder) or nothing behind each."""
    sure: float = float("inf")


@dataclass
class Trace:
    """What a process did to the files under one folder; a step is a change, a sync or a word."""

    root: Path
    before: dict[str, bytes]
    """What was there, and on the disk, before: contents by path below the root."""
    changes: list[Change] = field(default_factory=list)
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    steps: int = 0

    def cut(self, at: int, survival: float, chance: random.Random) -> dict[str, bytes | None]:
        """Return the disk after a cut before a step: contents by path, None for a folder."""
        contents: dict[int, bytearray] = {}
        paths: dict[str, int | None] = {}
        for number, (path, data) in enumerate(self.before.items(), start=1):
            contents[number] = bytearray(data)
            paths[path] = number
        lost: set[Path] = set()
        for change in self.changes:
            if change.step >= at:
                break
            there = change.sure < at or chance.random() < survival
            if change.file is None:
                assert change.folder is not None
                there = there and (change.folder not in lost or change.sure < at)
                if not there:  # a folder's changes reach the disk in their order
                    lost.add(change.folder)
                else:
                    paths.update(dict(change.names))
            elif there:
                held = contents.setdefault(change.file, bytearray())
                if change.data is None:
                    held[:] = held[: change.at].ljust(change.at, b"\0")
                else:
                    end = change.at + len(change.data)
                    if len(held) < end:
                        held.extend(bytes(end - len(held)))
                    held[change.at : end] = change.data
        return {
            path: None if number == 0 else bytes(contents.get(number, b""))
            for path, number in paths.items()
            if number is not None
        }

    def done_before(self, step: int) -> list[str]:
        """Return what was acknowledged before a step."""
        return [what for when, what in self.acknowledged if when < step]


def can_trace() -> bool:
    """Whether strace is here, and a process may be traced: some containers forbid it."""
    if shutil.which("strace") is None:
        return False
    tried = ["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def traced(root: Path, words: Sequence[str], env: dict[str, str] | None = None) -> Trace:
    """Run a Python module on a folder and return its trace; it prints `done …` to acknowledge."""
    root = root.resolve()
    before = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    log = root.parent / f"{root.name}.strace"
    command = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-e",
        f"trace={CALLS}",
    ]
    subprocess.run(
        [*command, "-o", str(log), sys.executable, "-m", *words],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})},
    )  # fmt: skip
    trace = _Reader(root, before).read(log)
    log.unlink()
    return trace


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the system: its arguments as strace writes them, and what it returned."""

    arguments: str
    result: int


class _Reader:
    """Reads a trace: which file each handle is, and which sync covers what."""

    def __init__(self, root: Path, before: dict[str, bytes]) -> None:
        self.trace = Trace(root, before)
        self.root = root
        self.files: dict[str, int] = {path: n for n, path in enumerate(before, start=1)}
        self.folders = {str(root)} | {
            str(parent) for path in before for parent in (root / path).parents
        }
        self.sizes = {n: len(data) for n, data in enumerate(before.values(), start=1)}
        self.next = len(before) + 1
        self.handles: dict[int, int] = {}
        self.places: dict[int, int] = {}
        self.pending: dict[int, list[Change]] = defaultdict(list)
        self.naming: dict[int, Change] = {}
        self.folder_changes: dict[Path, list[Change]] = defaultdict(list)
        self.moved = False
        self.begun: dict[str, str] = {}

    def read(self, log: Path) -> Trace:
        with log.open() as lines:
            for line in lines:
                if (found := _LINE.match(self._whole(line))) is None:
                    continue
                call = Call(found[2], int(found[3]))
                if call.result >= 0 and found[1] not in _OTHER:
                    self.moved = False
                    getattr(self, f"_{found[1]}")(call)
                    self.trace.steps += self.moved
        return self.trace

    def _whole(self, line: str) -> str:
        """Return a call that another process interrupted once it is told to its end."""
        if (begun := _BEGUN.match(line)) is not None:
            self.begun[begun[1]] = begun[2]
        elif (ended := _ENDED.match(line)) is not None:
            return f"{ended[1]} {self.begun.pop(ended[1], '')}{ended[2]}"
        return line

    # -- what a line names

    def _inside(self, name: bytes) -> str | None:
        path = os.path.normpath(os.fsdecode(name))
        return path if path == str(self.root) or path.startswith(f"{self.root}/") else None

    def _is_of_ours(self, text: str) -> bool:
        return str(self.root).encode().hex() in text.replace("\\x", "")

    def _names(self, arguments: str) -> list[str | None]:
        return [self._inside(_text(name)) for name in _NAME.findall(arguments)]

    def _handle(self, arguments: str) -> tuple[int, str | None]:
        found = _HANDLE.match(arguments)
        if found is None:
            return -1, None
        return int(found[1]), self._inside(_text(found[2]).removesuffix(b" (deleted)"))

    def _key(self, path: str) -> str:
        return str(Path(path).relative_to(self.root))

    def _put(self, change: Change) -> Change:
        self.moved = True
        self.trace.changes.append(change)
        return change

    def _folder_change(self, path: str, *names: tuple[str, int | None]) -> Change:
        folder = Path(path).parent
        change = self._put(Change(self.trace.steps, folder=folder, names=names))
        self.folder_changes[folder].append(change)
        return change

    # -- calls

    def _openat(self, call: Call) -> None:
        path = next(iter(self._names(call.arguments)), None)
        if path is None or path in self.folders:
            self.handles.pop(call.result, None)
            return
        key = self._key(path)
        if key not in self.files:
            assert "O_CREAT" in call.arguments, call.arguments
            self.files[key] = self.next
            self.sizes[self.next] = 0
            self.naming[self.next] = self._folder_change(path, (key, self.next))
            self.next += 1
        number = self.files[key]
        self.handles[call.result] = number
        if "O_TRUNC" in call.arguments and self.sizes[number]:
            self._length(number, 0)
        self.places[call.result] = self.sizes[number] if "O_APPEND" in call.arguments else 0

    def _close(self, call: Call) -> None:
        handle, _ = self._handle(call.arguments)
        self.handles.pop(handle, None)

    def _data(self, number: int, at: int, data: bytes) -> None:
        self.pending[number].append(
            self._put(Change(self.trace.steps, file=number, at=at, data=data))
        )
        self.sizes[number] = max(self.sizes[number], at + len(data))

    def _length(self, number: int, size: int) -> None:
        self.pending[number].append(self._put(Change(self.trace.steps, file=number, at=size)))
        self.sizes[number] = size

    def _write(self, call: Call) -> None:
        handle, path = self._handle(call.arguments)
        data = _text(_NAME.search(call.arguments)[1])[: call.result]  # type: ignore[index]  # always there
        if handle == 1 and path is None:
            for line in data.decode("utf-8", "replace").splitlines():
                if line.startswith(ACK):
                    self.trace.acknowledged.append((self.trace.steps, line.removeprefix(ACK)))
                    self.moved = True
        elif path is not None and handle in self.handles:
            self._data(self.handles[handle], self.places[handle], data)
            self.places[handle] += len(data)

    def _pwrite64(self, call: Call) -> None:
        handle, path = self._handle(call.arguments)
        if path is not None:
            data = _text(_NAME.search(call.arguments)[1])[: call.result]  # type: ignore[index]
            self._data(self.handles[handle], int(call.arguments.rpartition(", ")[2]), data)

    def _lseek(self, call: Call) -> None:
        self.places[self._handle(call.arguments)[0]] = call.result

    def _ftruncate(self, call: Call) -> None:
        handle, path = self._handle(call.arguments)
        if path is not None:
            self._length(self.handles[handle], int(call.arguments.rpartition(", ")[2]))

    def _fsync(self, call: Call) -> None:
        handle, path = self._handle(call.arguments)
        if path is None:
            return
        self.moved = True
        if path in self.folders:
            for change in self.folder_changes.pop(Path(path), ()):
                change.sure = min(change.sure, self.trace.steps)
            return
        number = self.handles[handle]
        for change in self.pending.pop(number, ()):
            change.sure = self.trace.steps
        if (named := self.naming.pop(number, None)) is not None:  # a new file comes with its name
            named.sure = min(named.sure, self.trace.steps)

    _fdatasync = _fsync

    def _unlink(self, call: Call) -> None:
        path = self._names(call.arguments)[-1]
        if path is not None:
            key = self._key(path)
            self._folder_change(path, (key, None))
            self.files.pop(key, None)
            self.folders.discard(path)

    _unlinkat = _rmdir = _unlink

    def _mkdir(self, call: Call) -> None:
        path = self._names(call.arguments)[0]
        if path is not None:
            self._folder_change(path, (self._key(path), 0))
            self.folders.add(path)

    _mkdirat = _mkdir

    def _rename(self, call: Call) -> None:
        old, new = self._names(call.arguments)[:2]
        if old is None and new is None:
            return
        assert old is not None, "a rename from outside the folder"
        assert new is not None, "a rename out of the folder"
        if old in self.folders:
            self._rename_folder(old, new)
            return
        number = self.files.pop(self._key(old))
        self.files[self._key(new)] = number
        self.naming.pop(number, None)  # a sync of the file does not tell of its new name
        self._folder_change(new, (self._key(old), None), (self._key(new), number))

    _renameat = _renameat2 = _rename

    def _rename_folder(self, old: str, new: str) -> None:
        moved: list[tuple[str, int | None]] = [(self._key(old), None), (self._key(new), 0)]
        for key, number in list(self.files.items()):
            if (self.root / key).is_relative_to(old):
                to = str(Path(self._key(new)) / (self.root / key).relative_to(old))
                moved += [(key, None), (to, number)]
                self.files[to] = self.files.pop(key)
        for folder in [one for one in self.folders if Path(one).is_relative_to(old)]:
            self.folders.remove(folder)
            self.folders.add(str(Path(new) / Path(folder).relative_to(old)))
        self._folder_change(new, *moved)

    def _unknown(self, call: Call) -> None:
        assert not self._is_of_ours(call.arguments), call.arguments[:200]

    _pwritev = _writev = _truncate = _fallocate = _copy_file_range = _sendfile = _unknown
    _link = _linkat = _symlink = _symlinkat = _unknown


def cuts(
    trace: Trace, number: int, seed: int
) -> Iterator[tuple[int, dict[str, bytes | None], list[str]]]:
    """Yield so many cuts: the step, the disk after it, and what was acknowledged before it.

    A write that no sync covers survives with a chance of 0, 0.5 or 0.9, in turn.
    """
    chance = random.Random(seed)
    for round_ in range(number):
        step = chance.randrange(1, trace.steps + 1)
        disk = trace.cut(step, (0.0, 0.5, 0.9)[round_ % 3], chance)
        yield step, disk, trace.done_before(step)


def laid_out(disk: dict[str, bytes | None], folder: Path) -> None:
    """Write a disk's files into an empty folder; a file whose folder was lost is lost."""
    for path, data in sorted(disk.items(), key=lambda item: item[0]):
        place = folder / path
        if place.parent.is_dir():
            if data is None:
                place.mkdir(exist_ok=True)
            else:
                place.write_bytes(data)
