"""The way from the daemon to REAPER: where it is, who may take it, and how messages are framed.

Used on both sides; in REAPER's Python, so: standard library only, Python 3.8 and later. The server
writes a file that only its user can read, with its port and a token made for this start. Client and
server prove to each other that they know the token without sending it. A message is JSON behind
its length in eight bytes (little-endian), as reapy frames its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = dict[str, Any]

ENVIRONMENT = "REATONE_ENDPOINT"
"""The environment variable that names another endpoint file."""
FILE_NAME = "reaper.json"
HOST = "127.0.0.1"
NONCE_BYTES = 16
TOKEN_BYTES = 32
HANDSHAKE_LIMIT = 1024
"""Longest message, in bytes, to or from somebody who has not proved who they are."""
REQUEST_LIMIT = 2 << 20
REPLY_LIMIT = 16 << 20
_LENGTH_BYTES = 8


class BadMessage(ValueError):  # noqa: N818  (the name says what happened)
    """A frame or its content that nobody of ours would send."""


class BadEndpoint(Exception):  # noqa: N818
    """An endpoint file, or the place for one, that cannot be trusted or understood."""


class Endpoint(NamedTuple):
    """Where a server listens and how to prove oneself to it. Its text never shows the token."""

    host: str
    port: int
    token: str
    pid: int
    api: int

    def __repr__(self) -> str:
        return f"Endpoint({self.host}:{self.port}, pid {self.pid}, api {self.api})"


# --- the file -----------------------------------------------------------------------------------


def default_path(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Return the place of the endpoint file: REATONE_ENDPOINT, else in the user's runtime folder.

    The same folder as platformdirs.user_runtime_path("reatone"), which REAPER's Python lacks.
    """
    known = os.environ if environ is None else environ
    if known.get(ENVIRONMENT):
        return Path(known[ENVIRONMENT])
    home = Path(known.get("USERPROFILE" if platform == "win32" else "HOME") or Path.home())
    if platform == "win32":
        local = Path(known.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return local / "Temp" / "reatone" / "reatone" / FILE_NAME
    if platform == "darwin":
        return home / "Library" / "Caches" / "TemporaryItems" / "reatone" / FILE_NAME
    return _linux_runtime(known, home) / "reatone" / FILE_NAME


def _linux_runtime(environ: Mapping[str, str], home: Path) -> Path:
    named = environ.get("XDG_RUNTIME_DIR")
    if named and Path(named).is_dir():
        return Path(named)
    usual = Path(f"/run/user/{os.getuid()}")
    return usual if usual.is_dir() else home / ".cache"


def write(path: Path, endpoint: Endpoint) -> None:
    """Write the file in one step, readable by its user only. Raises BadEndpoint and OSError."""
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        mode = folder.stat().st_mode
        if mode & 0o022 and not mode & stat.S_ISVTX:
            raise BadEndpoint(f"others may write into {folder}: run `chmod 700` on it")
    temporary = folder / f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}"
    handle = os.open(str(temporary), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(json.dumps(endpoint._asdict()))
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise


def read(path: Path) -> Endpoint:
    """Read the file. Raises FileNotFoundError, OSError, and BadEndpoint when it is not to be used.

    On POSIX it must belong to this user and be closed to all others: else somebody else may have
    put it there.
    """
    with path.open("rb") as file:
        if os.name == "posix":
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                raise BadEndpoint(f"{path} does not belong to this user alone")
        data = file.read(HANDSHAKE_LIMIT)
    try:
        found = json.loads(data.decode("ascii"))
        endpoint = Endpoint(**found)
        kinds = (str, int, str, int, int)
        right = all(type(v) is k for v, k in zip(endpoint, kinds))  # noqa: B905  (Python 3.8)
        right = right and len(bytes.fromhex(endpoint.token)) == TOKEN_BYTES
        right = right and endpoint.host == HOST and 0 < endpoint.port < 65536 and endpoint.pid > 0
    except (ValueError, TypeError):
        right = False
    if not right:
        raise BadEndpoint(f"{path} is not understood")
    return endpoint


def remove(path: Path, endpoint: Endpoint) -> None:
    """Remove the file if it is still this endpoint's."""
    with contextlib.suppress(OSError, BadEndpoint):
        if read(path) == endpoint:
            path.unlink()


# --- proofs -------------------------------------------------------------------------------------


def new_token() -> str:
    """Return a fresh secret, hexadecimal."""
    return os.urandom(TOKEN_BYTES).hex()


def new_nonce() -> str:
    """Return a fresh number used once, hexadecimal."""
    return os.urandom(NONCE_BYTES).hex()


def proof(endpoint: Endpoint, role: str, server_nonce: str, client_nonce: str) -> str:
    """Return what shows that `role` ("client" or "server") knows the token.

    Port and process are part of it, so that what was said to one server is of no use with another.
    """
    parts = ("reatone", role, str(endpoint.port), str(endpoint.pid), server_nonce, client_nonce)
    key = bytes.fromhex(endpoint.token)
    # A stranger's nonce may be any text that JSON knows, half a character too.
    said = "|".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def same(given: object, expected: str) -> bool:
    """Compare a proof in constant time."""
    text = given if isinstance(given, str) else ""
    return hmac.compare_digest(text.encode("utf-8", "replace"), expected.encode("ascii"))


# --- frames -------------------------------------------------------------------------------------


def pack(message: Json, limit: int) -> bytes:
    """Return a message as a frame. Raises BadMessage when it is no JSON or longer than `limit`."""
    try:
        data = json.dumps(message, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise BadMessage(f"this cannot be sent ({type(error).__name__})") from error
    if len(data) > limit:
        raise BadMessage(f"a message of {len(data)} bytes is longer than {limit}")
    return len(data).to_bytes(_LENGTH_BYTES, "little") + data


class Frames:
    """Takes bytes as they come and gives whole messages.

    limit: longest message, in bytes; may be raised later.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._data += data

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their message."""
        return len(self._data)

    def take(self) -> Json | None:
        """Return the next message, None while it is not whole. Raises BadMessage."""
        if len(self._data) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._data[:_LENGTH_BYTES], "little")
        if not 0 < length <= self.limit:
            raise BadMessage(f"a message of {length} bytes is not accepted here")
        end = _LENGTH_BYTES + length
        if len(self._data) < end:
            return None
        body = bytes(self._data[_LENGTH_BYTES:end])
        del self._data[:end]
        return _parse(body)


def _parse(body: bytes) -> Json:
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadMessage("a message is no JSON") from error
    if not isinstance(message, dict):
        raise BadMessage("a message is no JSON object")
    return message


def _refuse(word: str) -> None:
    raise BadMessage(f"{word} is no JSON")
