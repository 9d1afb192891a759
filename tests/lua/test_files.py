"""The Lua files as they are shipped: syntax, headers for ReaPack, names, no globals."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import lupa.lua54 as lupa
import pytest

from tests.lua.bench import NAMES, SOURCE

FILES = sorted(SOURCE.rglob("*.lua"))
ACTIONS = sorted(SOURCE.glob("*.lua"))
PACKAGE = SOURCE / "ReaTone_Equalise selected tracks.lua"
SHELL = Path(__file__).parents[2] / "bridge" / "host" / "lua_shell.lua"
SINGLE_LINE = {"description", "author", "version", "noindex"}
LUA_GLOBALS = re.compile(
    "coroutine|debug|dofile|error|getmetatable|gfx|io|ipairs|math|next|os|package|pairs|pcall"
    "|reaper|require|select|setmetatable|string|table|tonumber|tostring|type|utf8"
)


def header(path: Path) -> dict[str, list[str]]:
    """Return the tags of a file's header as ReaPack's indexer reads it: tag → its lines."""
    tags: dict[str, list[str]] = {}
    tag = ""
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("--"):
            break
        found = re.match(r"--\s*@(\w+)\s*(.*)", line)
        if found:
            tag = found[1]
            assert tag not in tags, f"@{tag} twice"
            tags[tag] = [found[2]] if found[2] else []
        elif tag:
            tags[tag].append(line.removeprefix("--").strip())
    return tags


def identity(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", [*FILES, SHELL], ids=identity)
class TestEveryFile:
    def test_lua_5_4_compiles_it(self, path: Path) -> None:
        compiler = shutil.which("luac5.4")
        if compiler:
            done = subprocess.run([compiler, "-p", str(path)], capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
        else:
            lupa.LuaRuntime().compile(path.read_text("utf-8"))

    def test_it_uses_no_global_but_luas_and_reapers(self, path: Path) -> None:
        compiler = shutil.which("luac5.4")
        if not compiler:
            pytest.skip("luac5.4 absent: apt-get install lua5.4")
        if path == SHELL:
            pytest.skip("it makes the globals")
        listing = subprocess.run(
            [compiler, "-l", "-l", "-p", str(path)], capture_output=True, check=True, text=True
        ).stdout
        assert not re.findall(r"SETTABUP.*_ENV", listing)
        names = re.findall(r'GETTABUP.*_ENV "(\w+)"', listing)
        assert all(LUA_GLOBALS.fullmatch(name) for name in names)

    def test_it_is_written_in_the_house_style(self, path: Path) -> None:
        text = path.read_text("utf-8")
        assert "\t" not in text
        assert text.endswith("\n")
        assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())
        assert len(text.splitlines()) <= 300


@pytest.mark.parametrize("path", ACTIONS, ids=identity)
class TestActions:
    def test_its_name_is_one_of_the_family_in_sentence_case(self, path: Path) -> None:
        assert re.fullmatch(r"ReaTone_[A-Z][a-z]+( ([a-z]+|EQ|ReaTone))*\.lua", path.name)
        assert path.name.isascii()

    def test_its_header_follows_reapacks_rules(self, path: Path) -> None:
        tags = header(path)
        assert path.read_text("utf-8").startswith("-- @")
        assert set(tags) <= {"description", "author", "version", "about", "provides", "noindex"}
        assert all(len(tags.get(tag, [""])) <= 1 for tag in SINGLE_LINE)
        assert tags["description"][0].startswith("ReaTone: ")
        assert tags["author"] == ["ReaTone"]
        assert tags["about"]
        (version,) = tags["version"]
        assert re.match(r"\d", version)
        assert all(int(number) <= 65535 for number in re.findall(r"\d+", version))

    def test_all_of_one_version(self, path: Path) -> None:
        assert header(path)["version"] == header(PACKAGE)["version"]

    def test_it_holds_no_logic(self, path: Path) -> None:
        code = [line for line in path.read_text("utf-8").splitlines() if line[:2] != "--" and line]
        assert len(code) == 2
        assert re.fullmatch(r'dofile\(folder \.\. "lib/reatone\.lua"\)\.\w+\(\)', code[1])


def test_one_file_is_the_package_and_the_others_are_none() -> None:
    """A file that two packages provide is an error in ReaPack."""
    packages = [path for path in FILES if "noindex" not in header(path)]
    assert packages == [PACKAGE]


def test_the_package_provides_every_file_once() -> None:
    provided: list[Path] = []
    for line in header(PACKAGE)["provides"]:
        found = re.fullmatch(r"\[(main|nomain)\] (.+)", line)
        assert found, line
        pattern = PACKAGE.name if found[2] == "." else found[2]
        files = list(SOURCE.glob(pattern))
        assert files, f"{line} names no file"
        assert all((found[1] == "main") == (file in ACTIONS) for file in files)
        provided += files
    assert sorted(provided) == FILES


def test_every_action_is_tried() -> None:
    assert {f"ReaTone_{name}.lua" for name in NAMES.values()} == {path.name for path in ACTIONS}
