"""liblo's own programs as the other side: a second implementation of OSC."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from bridge.osc import wire
from bridge.osc.outbox import Place

PATIENCE_S = 20.0
PROGRAMS = ("oscsend", "oscdump", "oscsendfile")
Heard = tuple[str, tuple[str | int | float, ...]]
_READY = "/ready"
_LINE = re.compile(r"([0-9a-f]{8})\.([0-9a-f]{8}) (/\S*) (\S*) ?(.*)")
_FORMS = {"s": '"(.*)"', "i": r"(-?\d+)", "f": r"(-?[\d.]+)"}
_READ: dict[str, Callable[[str], str | int | float]] = {"s": str, "i": int, "f": float}


def installed() -> bool:
    """Tell whether liblo's programs are here."""
    return all(shutil.which(program) for program in PROGRAMS)


def send(place: Place, address: str, types: str = "", *values: str | float) -> None:
    """Send one message with oscsend."""
    command = ["oscsend", place[0], str(place[1]), address, *([types] if types else [])]
    subprocess.run([*command, *map(str, values)], check=True, timeout=PATIENCE_S)


def send_all(place: Place, file: Path, lines: list[tuple[float, str, str]]) -> None:
    """Send messages in time with oscsendfile: (seconds, address, types and values)."""
    text = "".join(f"{_ntp(when)} {address} {rest}\n" for when, address, rest in lines)
    file.write_text(text, "utf-8")
    command = ["oscsendfile", place[0], str(place[1]), str(file)]
    subprocess.run(command, check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)


class Dump:
    """A running oscdump; `heard` grows with what it prints."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.times_s: list[float] = []
        self._changed = threading.Condition()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process = subprocess.Popen(
            ["oscdump", "-L", str(self.port)], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def place(self) -> Place:
        """Where it listens."""
        return "127.0.0.1", self.port

    def wait(self, holds: Callable[[list[Heard]], bool], within_s: float = PATIENCE_S) -> None:
        """Wait until what was heard is as wanted."""
        with self._changed:
            came = self._changed.wait_for(lambda: holds(self.heard), timeout=within_s)
            assert came, f"not heard; the last were {self.heard[-20:]}"

    def wait_for(self, address: str, *arguments: str | float) -> None:
        """Wait for a message: this address, and these arguments if any are given."""
        self.wait(lambda heard: any(_fits(message, address, arguments) for message in heard))

    def last(self, address: str) -> tuple[str | int | float, ...]:
        """Return the newest arguments of an address, after it was heard."""
        self.wait_for(address)
        with self._changed:
            return [arguments for at, arguments in self.heard if at == address][-1]

    def forget(self) -> None:
        """Forget what was heard."""
        with self._changed:
            self.heard.clear()
            self.times_s.clear()

    def __enter__(self) -> Self:
        end = time.monotonic() + PATIENCE_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            while not any(address == _READY for address, _ in self.heard):
                assert time.monotonic() < end, "oscdump does not listen"
                assert self._process.poll() is None, "oscdump has ended"
                probe.sendto(wire.write(_READY, ()), self.place)
                with self._changed:
                    self._changed.wait(0.02)
        self.forget()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = parse(line.rstrip("\n"))
            with self._changed:
                self.heard.append(message)
                self.times_s.append(time.monotonic())
                self._changed.notify_all()


def parse(line: str) -> Heard:
    """Read a line of oscdump."""
    match = _LINE.fullmatch(line)
    assert match, line
    _, _, address, types, rest = match.groups()
    values = re.fullmatch(" ".join(_FORMS[kind] for kind in types), rest)
    assert values, line
    pairs = zip(types, values.groups(), strict=True)
    return address, tuple(_READ[kind](text) for kind, text in pairs)


def _fits(message: Heard, address: str, arguments: tuple[str | float, ...]) -> bool:
    return message[0] == address and arguments in ((), message[1])


def _ntp(seconds: float) -> str:
    whole = int(seconds)
    return f"{0xEEAC0000 + whole:08x}.{int((seconds - whole) * 2**32):08x}"
