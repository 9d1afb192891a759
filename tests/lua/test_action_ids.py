from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from bridge.action_ids import action_id, osc_address, stored_path
from bridge.host.host import Host
from bridge.host.lua import Scripts

LYRICS = "1ee9bb229dabffe151848d7efa3c10f748e1a1cf"


def test_a_script_that_comes_with_reaper() -> None:
    assert action_id("Cockos/lyrics.lua") == f"RS{LYRICS}"
    assert action_id("COCKOS/LYRICS.LUA") == f"RS{LYRICS}"
    assert action_id("Cockos\\lyrics.lua") == f"RS{LYRICS}"
    assert action_id("Cockos/lyrics.lua", section=32060) == f"RS7d3c_{LYRICS}"
    assert osc_address("Cockos/lyrics.lua") == f"/action/_RS{LYRICS}"


def test_only_ascii_letters_lose_their_case() -> None:
    expected = hashlib.sha1("ÄÖÜ/äöü.LUA".encode()).hexdigest()
    assert action_id("ÄÖÜ/äöü.lua") == f"RS{expected}"


def test_paths_below_scripts_are_relative() -> None:
    scripts = PurePosixPath("/home/a/.config/REAPER/Scripts")
    assert stored_path(scripts / "ReaTone/x y.lua", scripts) == "ReaTone/x y.lua"
    assert stored_path(PurePosixPath("/opt/x.lua"), scripts) == "/opt/x.lua"
    windows = PureWindowsPath(r"C:\Users\a\AppData\Roaming\REAPER\Scripts")
    inside = PureWindowsPath(r"c:\users\A\AppData\Roaming\REAPER\Scripts\ReaTone\x.lua")
    assert stored_path(inside, windows) == "ReaTone/x.lua"
    assert stored_path(PureWindowsPath(r"D:\x\y.lua"), windows) == "D:/x/y.lua"


@pytest.mark.data
def test_ids_of_users_action_lists(data_dir: Path) -> None:
    """reaper-kb.ini as REAPER wrote it; hand-made ids have another form."""
    line = re.compile(r'SCR \d+ (\d+) (RS(?:[0-9a-f]+_)?[0-9a-f]{40}) ".*?" (?:"(.*)"|(\S+))\s*')
    found = 0
    for path in (data_dir / "reaper" / "ini").glob("*reaper-kb.ini"):
        for text in path.read_text("utf-8", "replace").splitlines():
            match = line.fullmatch(text)
            if match:
                found += 1
                assert action_id(match[3] or match[4], int(match[1])) == match[2]
    assert found > 10


def test_the_stand_in_knows_scripts_by_the_same_ids(host: Host, tmp_path: Path) -> None:
    script = tmp_path / "Scripts" / "ReaTone" / "ReaTone_x.lua"
    script.parent.mkdir(parents=True)
    script.write_text("")
    scripts = Scripts(host, resource=tmp_path)
    number = scripts.register(True, str(script))
    name = action_id("ReaTone/ReaTone_x.lua")
    assert scripts.name_of(number) == name
    assert (scripts.lookup(f"_{name}"), scripts.lookup("_RS00")) == (number, 0)
    assert scripts.register(False, str(script)) == 1
    assert scripts.lookup(f"_{name}") == 0
