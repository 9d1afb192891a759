from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from bridge.reaper import endpoint as way
from bridge.reaper.endpoint import BadEndpoint, BadMessage, Endpoint, Frames

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
MESSAGES = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=4)


def made(**changes: object) -> Endpoint:
    fields = {"host": way.HOST, "port": 40000, "token": way.new_token(), "pid": 17, "api": 1}
    return Endpoint(**{**fields, **changes})  # type: ignore[arg-type]


class TestPlace:
    def test_the_environment_comes_first(self) -> None:
        assert way.default_path({way.ENVIRONMENT: "/x/y.json"}) == Path("/x/y.json")

    def test_linux_as_platformdirs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tmp_path.chmod(0o700)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        monkeypatch.delenv(way.ENVIRONMENT, raising=False)
        expected = tmp_path / "reatone" / "reaper.json"
        assert way.default_path(platform="linux") == expected
        if os.getuid():  # root's own folder is a matter of taste
            assert Unix("reatone").user_runtime_path / "reaper.json" == expected

    def test_macos_as_platformdirs(self) -> None:
        expected = MacOS("reatone").user_runtime_path / "reaper.json"
        assert way.default_path({"HOME": str(Path.home())}, "darwin") == expected

    def test_windows_as_platformdirs_documents(self) -> None:
        local = {"LOCALAPPDATA": "/l", "USERPROFILE": "/u"}
        expected = Path("/l/Temp/reatone/reatone/reaper.json")
        assert way.default_path(local, "win32") == expected

    def test_without_a_runtime_folder_it_is_below_home(self, tmp_path: Path) -> None:
        path = way.default_path({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/nowhere"}, "linux")
        usual = Path(f"/run/user/{os.getuid()}")
        folder = usual if usual.is_dir() else tmp_path / ".cache"
        assert path == folder / "reatone" / "reaper.json"


class TestFile:
    def test_round_trip(self, tmp_path: Path) -> None:
        path, endpoint = tmp_path / "new" / "reaper.json", made()
        way.write(path, endpoint)
        assert way.read(path) == endpoint
        assert path.stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in path.parent.iterdir()] == ["reaper.json"]

    def test_an_old_file_open_to_others_becomes_closed(self, tmp_path: Path) -> None:
        path = tmp_path / "reaper.json"
        path.touch(0o666)
        way.write(path, made())
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
    def test_a_file_open_to_others_is_not_trusted(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "reaper.json"
        way.write(path, made())
        path.chmod(mode)
        with pytest.raises(BadEndpoint, match="this user alone"):
            way.read(path)

    def test_a_folder_open_to_others_is_not_used(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o777)
        with pytest.raises(BadEndpoint, match="chmod 700"):
            way.write(tmp_path / "reaper.json", made())

    @pytest.mark.parametrize(
        "change",
        [
            {"host": "10.0.0.1"},
            {"host": None},
            {"port": 0},
            {"port": 70000},
            {"port": True},
            {"port": "80"},
            {"token": "ab"},
            {"token": "x" * 64},
            {"pid": -1},
            {"pid": 0},
            {"api": "1"},
            {"more": 1},
        ],
        ids=str,
    )
    def test_nonsense_is_refused(self, tmp_path: Path, change: dict[str, object]) -> None:
        path = tmp_path / "reaper.json"
        way.write(path, made())
        path.write_text(json.dumps({**made()._asdict(), **change}))
        with pytest.raises(BadEndpoint, match="not understood"):
            way.read(path)

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b"\xff", b"[" * 900])
    def test_what_is_no_endpoint_is_refused(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "reaper.json"
        way.write(path, made())
        path.write_bytes(data)
        with pytest.raises(BadEndpoint, match="not understood"):
            way.read(path)

    def test_only_ones_own_file_is_removed(self, tmp_path: Path) -> None:
        path, ours, other = tmp_path / "reaper.json", made(), made()
        way.write(path, other)
        way.remove(path, ours)
        assert way.read(path) == other
        way.remove(path, other)
        way.remove(path, other)
        assert not path.exists()

    def test_its_text_does_not_show_the_token(self) -> None:
        endpoint = made()
        assert endpoint.token not in f"{endpoint!r} {endpoint} {(endpoint,)}"


class TestProof:
    def test_everything_counts(self) -> None:
        endpoint = made()
        base = way.proof(endpoint, "client", "a", "b")
        others = {
            way.proof(endpoint, "server", "a", "b"),
            way.proof(endpoint, "client", "b", "a"),
            way.proof(endpoint._replace(port=40001), "client", "a", "b"),
            way.proof(endpoint._replace(pid=18), "client", "a", "b"),
            way.proof(endpoint._replace(token=way.new_token()), "client", "a", "b"),
        }
        assert len(others | {base}) == 6

    @pytest.mark.parametrize("given", [None, 3, [], {}, "", "ä", "\ud800", "0" * 64])
    def test_a_wrong_proof_is_not_the_same(self, given: object) -> None:
        expected = way.proof(made(), "client", "a", "b")
        assert not way.same(given, expected)
        assert way.same(expected, expected)


class TestFrames:
    @given(MESSAGES, st.integers(min_value=1, max_value=40))
    def test_however_it_is_cut(self, messages: list[way.Json], step: int) -> None:
        data = b"".join(way.pack(message, 1 << 20) for message in messages)
        frames, found = Frames(1 << 20), []
        for start in range(0, len(data), step):
            frames.feed(data[start : start + step])
            while (message := frames.take()) is not None:
                found.append(message)
        assert found == messages
        assert frames.pending == 0

    @given(st.binary(max_size=200))
    def test_random_bytes_are_taken_or_refused(self, data: bytes) -> None:
        frames = Frames(100)
        frames.feed(data)
        try:
            message = frames.take()
        except BadMessage:
            return
        assert message is None or isinstance(message, dict)

    @pytest.mark.parametrize("length", [0, 101, 1 << 63])
    def test_a_length_out_of_range_is_refused_before_its_bytes_come(self, length: int) -> None:
        frames = Frames(100)
        frames.feed(length.to_bytes(8, "little"))
        with pytest.raises(BadMessage, match="not accepted"):
            frames.take()

    @pytest.mark.parametrize("body", [b"NaN", b'{"a": NaN}', b"[]", b"3", b"x", b"\xff", b"[" * 99])
    def test_what_is_no_object_is_refused(self, body: bytes) -> None:
        frames = Frames(100)
        frames.feed(len(body).to_bytes(8, "little") + body)
        with pytest.raises(BadMessage, match="JSON"):
            frames.take()

    @pytest.mark.parametrize("value", [float("nan"), b"x", {1, 2}, object()])
    def test_what_is_no_json_is_not_sent(self, value: object) -> None:
        with pytest.raises(BadMessage, match="cannot be sent"):
            way.pack({"a": value}, 1000)
        with pytest.raises(BadMessage, match="longer than"):
            way.pack({"a": "x" * 2000}, 1000)
