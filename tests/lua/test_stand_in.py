"""Lua over the embedded host: as strict as REAPER, and nothing of Python or the system in reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.host.host import Host
from bridge.host.lua import LuaAction, Scripts, Trigger
from bridge.host.lua_user import User
from tests.bridge.small_project import guid


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "scripts" / "x.lua"


def run(host: Host, script: Path, text: str, user: User | None = None) -> LuaAction:
    """Run a text as a script to its end."""
    script.parent.mkdir(exist_ok=True)
    script.write_text(text, "utf-8")
    action = LuaAction(host, script, user)
    for _ in range(100):
        if not action.step():
            return action
    raise AssertionError("the script does not end")


def shown(host: Host, script: Path, expression: str) -> str:
    """Return what a Lua expression, in which r is reaper, is; several values with commas."""
    text = f"""local r = reaper
    local all, texts = table.pack({expression}), {{}}
    for i = 1, all.n do
      texts[i] = type(all[i]) == "userdata" and "userdata" or tostring(all[i])
    end
    r.ShowConsoleMsg(table.concat(texts, ", "))"""
    action = run(host, script, text)
    assert action.error is None
    return host.console[-1]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("r.CountTracks(0), r.CountTracks(nil)", "5, 5"),
        ("r.GetTrack(0, 0)", "userdata"),
        ("r.GetTrack(0, 99)", "nil"),
        (
            "r.GetTrack(0, 0) == r.GetTrack(0, 0), r.GetTrack(0, 0) == r.GetTrack(0, 1)",
            "true, false",
        ),
        ("r.GetTrackName(r.GetTrack(0, 3))", "true, Vocal"),
        ("r.GetTrackGUID(r.GetTrack(0, 0))", guid(1)),
        ("r.IsTrackSelected(r.GetTrack(0, 0))", "true"),
        ("r.GetMediaTrackInfo_Value(r.GetTrack(0, 0), 'I_SELECTED')", "1.0"),
        ("r.GetSetMediaTrackInfo_String(r.GetTrack(0, 3), 'P_NAME', '', false)", "true, Vocal"),
        ("r.GetSetMediaTrackInfo_String(r.GetTrack(0, 0), 'P_EXT:none', '', false)", "false, "),
        ("r.TrackFX_GetNamedConfigParm(r.GetTrack(0, 0), 0, 'BANDTYPE0')", "true, 8"),
        ("r.TrackFX_GetNamedConfigParm(r.GetTrack(0, 0), 0, 'nothing')", "false, "),
        ("r.TrackFX_GetEQParam(r.GetTrack(0, 0), 0, 0)", "true, 2, 0, 0, "),
        ("r.GetSet_LoopTimeRange2(0, false, false, 0, 0, false)", "0.1, 0.3"),
        ("r.Undo_CanUndo2(0)", "nil"),
        ("r.GetExtState('ReaTone', 'none')", ""),
        ("r.GetProjExtState(0, 'ReaTone', 'none')", "0, "),
        ("r.APIExists('MB'), r.APIExists('GetTrack'), r.APIExists('Nothing')", "true, true, false"),
        ("r.guidToString(r.GetTrackGUID(r.GetTrack(0, 1)), '')", guid(2)),
        ("r.ValidatePtr2(0, r.GetTrack(0, 0), 'MediaTrack*')", "true"),
        ("select(2, r.EnumProjects(7))", ""),
        ("#({r.get_action_context()})", "8"),
        ("python", ""),
    ],
)
def test_results_have_luas_shape(host: Host, script: Path, expression: str, result: str) -> None:
    if expression == "python":
        assert "no global variable python" in str(run(host, script, "print(python)").error)
    else:
        assert shown(host, script, expression).startswith(result)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        ("GetTrackName(nil)", "bad argument #1 to 'GetTrackName' (MediaTrack expected)"),
        ("GetTrackName()", "bad argument #1 to 'GetTrackName' (MediaTrack expected)"),
        ("GetTrackName('x')", "bad argument #1 to 'GetTrackName' (MediaTrack expected)"),
        ("GetTrack('x', 0)", "bad argument #1 to 'GetTrack' (ReaProject expected)"),
        ("GetTrack(1, 0)", "bad argument #1 to 'GetTrack' (ReaProject expected)"),
        ("GetTrack(0, nil)", "bad argument #2 to 'GetTrack' (number expected, got nil)"),
        ("GetTrack(0, {})", "bad argument #2 to 'GetTrack' (number expected, got table)"),
        ("GetTrack(0, 0.5)", "bad argument #2 to 'GetTrack' (number has no integer represent"),
        ("GetTrack(0, 1e300)", "bad argument #2 to 'GetTrack' (number has no integer represent"),
        ("SetExtState('a', 'b', 'c')", "bad argument #4 to 'SetExtState' (boolean expected, got"),
        (
            "SetExtState('a', 'b', 'c', 1)",
            "bad argument #4 to 'SetExtState' (boolean expected, got",
        ),
        ("SetExtState('a', 'b', nil, true)", "bad argument #3 to 'SetExtState' (string expected"),
        ("SetExtState('a', 'b', 'c\\nd', true)", "holds a line break"),
        ("defer()", "bad argument #1 to 'defer' (function expected, got nil)"),
        ("defer({})", "bad argument #1 to 'defer' (function expected, got table)"),
        ("MB('x')", "bad argument #2 to 'MB' (string expected, got nil)"),
        ("MB('x', 'y', 4)", "Nobody is there to answer 'y'"),
        ("GetUserInputs('t', 2, 'one', '')", "are not 2 and options"),
        ("GetUserInputs('t', 1, 'one, two', '')", "are not 1 and options"),
        ("GetUserInputs('t', 17, '', '')", "1 to 16 fields"),
        ("GetUserInputs('t', 1, 'one', '')", "Nobody is there to answer 't'"),
        ("ExecProcess('rm -rf /', -1)", "No program is started from here"),
        ("Main_OnCommand(40001, 0)", "Action 40001 needs REAPER"),
        ("Main_SaveProject(0, true)", "Save as opens a dialog"),
        ("NoSuchFunction()", "reaper has no function 'NoSuchFunction'"),
        ("GetTrack.x()", "attempt to index"),
    ],
)
def test_what_reaper_refuses_is_a_lua_error(
    host: Host, script: Path, call: str, refusal: str
) -> None:
    action = run(host, script, f"local x = 1\nreaper.{call}")
    assert refusal in str(action.error)
    assert "x.lua:2:" in str(action.error)


def test_a_pointer_of_a_deleted_track(host: Host, script: Path) -> None:
    action = run(
        host,
        script,
        "local track = reaper.GetTrack(0, 0)\nreaper.DeleteTrack(track)\nreaper.GetTrackName(track)",
    )
    assert "x.lua:3: bad argument #1 to 'GetTrackName' (MediaTrack expected)" in str(action.error)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("found = 1", "made a global variable found"),
        ("local function f() leak = 1 end f()", "made a global variable leak"),
        ("print(missing)", "no global variable missing"),
        ("os.execute('true')", "nil value (field 'execute')"),
        ("io.popen('true')", "nil value (field 'popen')"),
        ("assert(io.open('/etc/passwd'))", "out of bounds"),
        ("assert(io.open('../../x', 'w'))", "out of bounds"),
        ("require('socket')", "module 'socket' not found"),
        ("local t = reaper.GetTrack(0, 0); return t.text", "nothing of Python"),
        ("while true do end", "holds REAPER up"),
        ("coroutine.resume(coroutine.create(function() while true do end end)) error('no')", "no"),
        ("error('plain')", "plain"),
        ("this is no Lua", "syntax error"),
    ],
)
def test_what_a_script_cannot_do(host: Host, script: Path, text: str, refusal: str) -> None:
    assert refusal in str(run(host, script, text).error)


def test_files_below_the_scripts_folder(host: Host, script: Path) -> None:
    path = (script.parent / "ä made.lua").as_posix()
    text = f"local f = assert(io.open('{path}', 'w')) f:write('ü') f:close()"
    assert run(host, script, text).error is None
    assert (script.parent / "ä made.lua").read_text("utf-8") == "ü"


def test_deferred_functions_run_one_tick_later(host: Host, script: Path) -> None:
    script.parent.mkdir()
    script.write_text("""
        local say = reaper.ShowConsoleMsg
        reaper.atexit(function() say("exit") end)
        reaper.defer(function() say("second") reaper.defer(function() say("third") end) end)
        say("first")""")
    action = LuaAction(host, script)
    assert action.step()
    assert host.console == ["first"]
    assert action.step()
    assert host.console == ["first", "second"]
    assert not action.step()
    assert host.console == ["first", "second", "third", "exit"]
    assert not action.step()
    assert host.console[-1] == "exit"


def test_an_error_ends_the_script_and_runs_what_is_due_at_its_end(host: Host, script: Path) -> None:
    user = User()
    text = """reaper.atexit(function() reaper.ShowConsoleMsg("exit") end)
        reaper.defer(function() error("broken") end)"""
    action = run(host, script, text, user)
    assert host.console == ["exit"]
    assert "broken" in str(action.error)
    assert user.errors == [action.error]


def test_reaper_adds_an_undo_point_to_a_script_that_defers_nothing(
    host: Host, script: Path
) -> None:
    run(host, script, "local x = 1")
    assert [point.label for point in host.history.done] == ["ReaScript: x"]
    run(host, script, "reaper.defer(function() end)")
    assert len(host.history.done) == 1


def test_bytes_that_are_no_utf8_survive(host: Host, script: Path) -> None:
    run(host, script, 'reaper.SetExtState("a", "b", "x\\xff\\xc3", false)')
    assert shown(host, script, '#r.GetExtState("a", "b")') == "3"


class TestRunningTwice:
    def start(self, host: Host, script: Path, options: int | None) -> tuple[Scripts, LuaAction]:
        line = "" if options is None else f"reaper.set_action_options({options})"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"{line} local function f() reaper.defer(f) end f()")
        scripts = Scripts(host, resource=script.parent)
        return scripts, scripts.start(script)

    def test_reaper_would_ask(self, host: Host, script: Path) -> None:
        scripts, _ = self.start(host, script, None)
        with pytest.raises(Exception, match="runs already"):
            scripts.start(script)

    def test_the_old_one_ends(self, host: Host, script: Path) -> None:
        scripts, first = self.start(host, script, 1)
        assert scripts.start(script) is first
        assert not first.step()
        assert not scripts.step()

    def test_a_new_one_takes_over(self, host: Host, script: Path) -> None:
        scripts, first = self.start(host, script, 3)
        second = scripts.start(script)
        assert not first.step()
        assert scripts.running == [second]


def test_toggle_states_and_triggers(host: Host, script: Path) -> None:
    script.parent.mkdir()
    script.write_text("""
        local new, _, section, command, mode, resolution, value = reaper.get_action_context()
        reaper.set_action_options(4)
        reaper.SetToggleCommandState(section, command + 0, reaper.GetToggleCommandStateEx(0, command))
        reaper.ShowConsoleMsg(table.concat({tostring(new), section, mode, resolution, value}, " "))
        reaper.defer(function() end)""")
    scripts = Scripts(host, resource=script.parent)
    number = scripts.register(True, str(script))
    scripts.start(script, Trigger(0, 127, 64))
    assert host.console == ["true 0 0 127 64"]
    assert scripts.toggle(0, number) == 1
    assert not scripts.step()
    scripts.run_command(number)
    assert host.console[-1] == "false 0 -1 -1 -1"
