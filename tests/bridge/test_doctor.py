"""`reatone doctor`: each finding with its next step, on files and over the wire."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge import (
    calibration,
    doctor,
    doctor_files,
    doctor_render,
    install,
    reaper_ini,
    reaper_places,
    shipped,
)
from bridge.action_ids import action_id
from bridge.diagnosis import Check, Diagnosis, State
from bridge.host.host import Host
from bridge.host.project import dumps
from bridge.host.stand_in import StandIn
from bridge.reaper import endpoint as way
from bridge.reaper import inside, reaeq
from bridge.reaper.calibrate import LABEL, POINTS
from bridge.reaper.reaeq import ParamKind, raw_from_normalised, stored_from_raw, stored_text
from bridge.reaper_ini import OscDevice, Settings, WebInterface
from bridge.single import only_one
from tests.bridge.small_project import write_project

GOOD = """\
[REAPER]
reascript=5
csurf_0=OSC "Tablet 'one'" 7 8000 "192.168.1.104" 9000 1024 10 "ReaTone"
csurf_1=HTTP 0 8080 'me:secret' 'index.html' 0 ''
csurf_cnt=2
"""


@pytest.fixture
def resource(tmp_path: Path) -> Path:
    folder = tmp_path / "REAPER"
    folder.mkdir()
    (folder / "reaper.ini").write_text(GOOD)
    return folder


@pytest.fixture(scope="module")
def reaper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("reaper")
    with StandIn(write_project(folder / "song"), folder / "run" / "reaper.json") as stand_in:
        yield stand_in


def install_all(resource: Path) -> None:
    install.carry_out(install.plan_install(resource, shipped.files()))
    rows = (action_id(f"ReaTone/{name}.lua") for name in shipped.action_files())
    lines = "".join(f'SCR 4 0 {row} "Custom: x.lua" "x.lua"\n' for row in rows)
    (resource / "reaper-kb.ini").write_text(lines)


class TestSettings:
    def test_of_a_real_kind(self) -> None:
        assert reaper_ini.parse(GOOD) == Settings(
            True,
            None,
            (OscDevice("Tablet 'one'", True, 8000, "ReaTone"),),
            (WebInterface(8080, True),),
        )

    @pytest.mark.parametrize(
        ("line", "settings"),
        [
            ("reascript=4", Settings()),
            ("reascript=1", Settings(True)),
            ("pythonlibpath64=/usr/lib", Settings(python_library=Path("/usr/lib"))),
            ("pythonlibdll64=p.dll\npythonlibpath64=/x", Settings(python_library=Path("/x/p.dll"))),
            ("csurf_cnt=0\ncsurf_0=HTTP 0 1 '' 'i' 0 ''", Settings()),
            ("csurf_cnt=1\ncsurf_0=HTTP 1 1 '' 'i' 0 ''", Settings()),
            (
                "csurf_cnt=1\ncsurf_0=HTTP 0 1 '' 'i' 0 ''",
                Settings(web_interfaces=(WebInterface(1, False),)),
            ),
            (
                'csurf_cnt=1\ncsurf_0=OSC "x" 0 1 "h" 2 3 4 ""',
                Settings(osc_devices=(OscDevice("x", False, 1, ""),)),
            ),
            ('csurf_cnt=1\ncsurf_0=OSC "x 0 1', Settings()),
            ("csurf_cnt=99999999\ncsurf_0=OSC", Settings()),
            ("csurf_cnt=x", Settings()),
        ],
    )
    def test_of_any_kind(self, line: str, settings: Settings) -> None:
        assert reaper_ini.parse(f"\ufeff[other]\nreascript=1\n[REAPER]\n{line}\n") == settings

    def test_of_users(self, data_dir: Path) -> None:
        """Every device line that users have published is understood."""
        text = (data_dir / "reaper" / "ini" / "reaper_ini_csurf_lines.txt").read_text("utf-8")
        lines = [line.split(":", 2)[2] for line in text.splitlines() if ":csurf_" in line]
        values = [line.partition("=")[2] for line in lines]
        osc = [value for value in values if value.startswith("OSC ")]
        web = [value for value in values if value.startswith("HTTP 0 ")]
        assert osc
        assert web
        for found, attribute in ((osc, "osc_devices"), (web, "web_interfaces")):
            rows = "\n".join(f"csurf_{n}={value}" for n, value in enumerate(found))
            parsed = reaper_ini.parse(f"[reaper]\ncsurf_cnt={len(found)}\n{rows}")
            assert [item.port > 0 for item in getattr(parsed, attribute)] == [True] * len(found)


class TestFiles:
    def test_scripts(self, resource: Path) -> None:
        assert "not installed" in doctor_files.check_scripts(resource).text
        install_all(resource)
        assert doctor_files.check_scripts(resource).state is State.OK
        lua = resource / shipped.FOLDER / "lib" / "ask.lua"
        lua.write_bytes(b"mine")
        check = doctor_files.check_scripts(resource)
        assert (check.state, "lib/ask.lua" in check.text) == (State.ADVICE, True)
        lua.unlink()
        assert doctor_files.check_scripts(resource).state is State.TODO

    def test_scripts_of_another_version(self, resource: Path) -> None:
        name = f"{shipped.FOLDER}/lib/ask.lua"
        install.carry_out(install.plan_install(resource, shipped.files() | {name: b"older"}))
        check = doctor_files.check_scripts(resource)
        assert check.state is State.TODO
        assert check.text.startswith("1 of ")
        assert "restart REAPER" in check.step

    def test_actions(self, resource: Path) -> None:
        check = doctor_files.check_actions(resource)
        assert check.state is State.TODO
        assert "Register actions.lua" in check.step
        install_all(resource)
        assert doctor_files.check_actions(resource).state is State.OK

    @pytest.mark.parametrize(
        ("settings", "version", "state", "said"),
        [
            (Settings(), None, State.TODO, "not enabled"),
            (Settings(True), None, State.OK, "enabled"),
            (Settings(True, Path("/no/such/python.so")), None, State.TODO, "/no/such"),
            (Settings(True, Path("/no/such/python.so")), "3.9.1", State.OK, "3.9.1"),
            (Settings(), "3.9.1", State.OK, "3.9.1"),
            (None, None, State.UNKNOWN, "cannot be read"),
        ],
    )
    def test_python(
        self, settings: Settings | None, version: str | None, state: State, said: str
    ) -> None:
        check = doctor_files.check_python(settings, version)
        assert (check.state, said in check.text) == (state, True)

    def test_osc(self) -> None:
        device = OscDevice("Tablet", True, 8000, "ReaTone")
        good, off, none = (
            doctor_files.check_osc(Settings(osc_devices=devices))
            for devices in ((device,), (replace(device, receives=False),), ())
        )
        assert (good.state, "8000" in good.text) == (State.OK, True)
        assert (off.state, none.state) == (State.ADVICE, State.ADVICE)

    @pytest.mark.parametrize(
        ("ports", "state"),
        [
            ([("0.0.0.0", 2306)], State.TODO),
            ([("::", 2306)], State.TODO),
            ([("127.0.0.1", 2306), ("0.0.0.0", 8080)], State.OK),
            ([], State.OK),
        ],
    )
    def test_reapys_own_server(
        self, ports: list[tuple[str, int]], state: State, resource: Path
    ) -> None:
        assert doctor_files.check_stock_server(resource, ports).state is state

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("reaper-extstate.ini", '[reapy]\nactivate_reapy_server="_RS1"\n'),
            (
                "reaper-kb.ini",
                'SCR 4 0 RS1 "Custom: activate_reapy_server.py" /x/activate_reapy_server.py\n',
            ),
        ],
    )
    def test_reapys_own_server_set_up(self, name: str, text: str, resource: Path) -> None:
        (resource / name).write_text(text)
        assert doctor_files.check_stock_server(resource, []).state is State.ADVICE

    def test_web_interface(self) -> None:
        good, bad = (
            doctor_files.check_web(Settings(web_interfaces=(WebInterface(8080, has_password),)))
            for has_password in (True, False)
        )
        assert good.state is State.OK
        assert (bad.state, "8080" in bad.text) == (State.ADVICE, True)


class TestReaEq:
    def test_the_embedded_one_is_as_expected_and_the_project_stays(self, tmp_path: Path) -> None:
        host = Host.open(write_project(tmp_path / "song"))
        tracks, selected = list(host.tracks), host.api.RPR_CountSelectedTracks(0)
        found = inside.call(host.api, "try_reaeq", {})
        assert calibration.problems(found) == []
        assert {len(texts) for texts in found["texts"].values()} == {POINTS}
        assert set(found["texts"]) == {"freq", "gain", "bandwidth", "output"}
        assert list(host.tracks) == tracks
        assert host.api.RPR_CountSelectedTracks(0) == selected
        (point,) = host.history.done
        assert point.label == LABEL
        assert point.before == point.after

    @pytest.mark.parametrize("name", ["TrackFX_FormatParamValueNormalized", "TrackFX_AddByName"])
    def test_whatever_fails_the_scratch_track_goes(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = Host.open(write_project(tmp_path / "song"))
        tracks = list(host.tracks)

        class Failing:
            def __getattr__(self, function: str) -> Any:
                if function == f"RPR_{name}":
                    raise RuntimeError("REAPER is in a mood")
                return getattr(host.api, function)

        assert "mood" in inside.call(Failing(), "try_reaeq", {})["error"]["message"]
        assert list(host.tracks) == tracks
        assert host.history.depth == 0

    def test_nothing_is_touched_while_recording(self, tmp_path: Path) -> None:
        host = Host.open(write_project(tmp_path / "song"))

        class Recording:
            def __getattr__(self, function: str) -> Any:
                return (
                    (lambda: 5) if function == "RPR_GetPlayState" else getattr(host.api, function)
                )

        assert inside.call(Recording(), "try_reaeq", {})["error"]["code"] == "busy"
        assert host.history.done == []

    @pytest.fixture
    def found(self, tmp_path: Path) -> dict[str, Any]:
        return inside.call(Host.open(write_project(tmp_path / "song")).api, "try_reaeq", {})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda f: f["texts"].update(freq=["20.0"] * POINTS), "freq at"),
            (lambda f: f.update(gain_range=[0.0, 1.0, 0.5]), "range"),
            (lambda f: f.update(takes_state=False), "take back"),
            (lambda f: f.update(takes_more_bands=False), "one more band"),
            (lambda f: f.update(state=""), "not understood"),
            (lambda f: f["texts"].update(gain=["?"] * POINTS), "gain at 0.00"),
        ],
    )
    def test_what_differs_is_said(
        self, change: Callable[[dict[str, Any]], None], said: str, found: dict[str, Any]
    ) -> None:
        change(found)
        (problem,) = calibration.problems(found)
        assert said in problem

    def test_the_linear_frequency_scale_belongs_to_its_flag(self, found: dict[str, Any]) -> None:
        """A user's default preset may have ReaEQ's logarithmic scale off: 0.5 is 12 kHz then."""
        raws = [raw_from_normalised(ParamKind.FREQ, n / (POINTS - 1)) for n in range(POINTS)]
        found["texts"]["freq"] = [
            stored_text(ParamKind.FREQ, stored_from_raw(ParamKind.FREQ, raw, log_freq=False))
            for raw in raws
        ]
        assert "freq at" in calibration.problems(found)[0]
        state = reaeq.decode(base64.b64decode(found["state"]))
        linear = state.with_band(0, replace(state.bands[0], flag=0))
        found["state"] = base64.b64encode(reaeq.encode(linear)).decode()
        assert calibration.problems(found) == []

    def test_units_and_other_ways_to_write_are_understood(self, found: dict[str, Any]) -> None:
        for name, unit in (("freq", " Hz"), ("gain", " dB"), ("bandwidth", " oct")):
            found["texts"][name] = [text.replace(".", ",") + unit for text in found["texts"][name]]
        assert calibration.problems(found) == []


class TestRendering:
    """Scratch tracks rendered by the embedded host, or not quite."""

    @pytest.fixture
    def host(self, tmp_path: Path) -> Host:
        return Host.open(write_project(tmp_path / "song"))

    def check(
        self, host: Host, spoil: Callable[[Path], None] | None = None, which: int = 0
    ) -> tuple[Check, ...]:
        """Try it. spoil: called with the `which`-th rendered file, as soon as it is there."""

        class Odd:
            def __getattr__(self, function: str) -> Any:
                return render if function == "RPR_Main_OnCommandEx" else getattr(host.api, function)

        def render(*arguments: Any) -> None:
            host.api.RPR_Main_OnCommandEx(*arguments)
            if spoil:
                targets = host.api.RPR_GetSetProjectInfo_String(0, "RENDER_TARGETS", "", False)
                spoil(Path(targets[3].split(";")[which]))

        def call(name: str, request: dict[str, Any]) -> dict[str, Any]:
            return inside.call(Odd(), name, request)

        return tuple(doctor_render.check_render(call, wait=lambda _seconds: None))

    def test_all_is_well_and_nothing_stays(self, host: Host) -> None:
        before, tracks = dumps(host.project), list(host.tracks)
        rendering, sound = self.check(host)
        assert (rendering.state, sound.state) == (State.OK, State.OK)
        assert float(sound.text.split()[-2]) < 0.001
        assert (dumps(host.project), list(host.tracks)) == (before, tracks)
        (point,) = host.history.done
        assert point.before == point.after

    def test_a_reaper_that_renders_everything_is_found_out(self, host: Host) -> None:
        found, _ = self.check(host, lambda path: soundfile.write(path, np.ones((480, 2)), 48000))
        assert found.state is State.TODO
        assert "whole mix" in found.text
        assert "buses" in found.step

    def test_a_reaper_that_renders_nothing_is_found_out(self, host: Host) -> None:
        (found,) = self.check(host, lambda path: path.unlink())
        assert found.state is State.TODO
        assert "did not render" in found.text

    def test_what_cannot_be_read_is_said(self, host: Host) -> None:
        def spoil(path: Path) -> None:
            data = bytearray(path.read_bytes())
            data[20:22] = b"\xff\x7f"  # a format nobody knows
            path.write_bytes(data)

        (found,) = self.check(host, spoil)
        assert found.state is State.TODO
        assert "cannot be read" in found.text

    def test_an_eq_that_sounds_otherwise_is_found_out(self, host: Host) -> None:
        def spoil(path: Path) -> None:
            samples, rate_hz = soundfile.read(path)
            soundfile.write(path, samples * 1.02, rate_hz, subtype="FLOAT")

        rendering, sound = self.check(host, spoil, which=2)
        assert rendering.state is State.OK
        assert sound.state is State.TODO
        assert "reckons with" in sound.text

    def test_an_impulse_that_is_not_rendered_is_said(self, host: Host) -> None:
        def spoil(path: Path) -> None:
            soundfile.write(path, np.zeros((48000, 2)), 48000)

        rendering, sound = self.check(host, spoil, which=1)
        assert rendering.state is State.OK
        assert sound.state is State.UNKNOWN

    def test_a_reaper_without_these_functions_is_not_judged(self, host: Host) -> None:
        class Older:
            def __getattr__(self, function: str) -> Any:
                if "MediaItem" in function:
                    raise AttributeError(function)
                return getattr(host.api, function)

        before = dumps(host.project)
        (found,) = doctor_render.check_render(lambda *what: inside.call(Older(), *what))
        assert found.state is State.UNKNOWN
        assert dumps(host.project) == before

    def test_an_empty_project_can_be_tried(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.rpp"
        path.write_text('<REAPER_PROJECT 0.1 "7.40" 0\n>\n')
        assert [check.state for check in self.check(Host.open(path))] == [State.OK, State.OK]


class TestExamining:
    @pytest.fixture(autouse=True)
    def _alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(way.ENVIRONMENT, str(tmp_path / "run" / "reaper.json"))
        monkeypatch.setattr(reaper_places, "running_reapers", tuple)

    def test_all_is_well(self, resource: Path, reaper: StandIn, tmp_path: Path) -> None:
        install_all(resource)
        with only_one(tmp_path / "run" / "daemon.lock"):
            found = doctor.examine(resource, endpoint=reaper.endpoint, cache=tmp_path / "c.json")
        assert [check for check in found.checks if check.state is not State.OK] == []
        assert found.exit_code == 0
        assert "All is well." in found.as_text()
        assert "tried on a scratch track" in found.as_text()
        again = doctor.examine(resource, endpoint=reaper.endpoint, cache=tmp_path / "c.json")
        assert "tried before" in again.as_text()
        assert again.exit_code == 0, "that ReaTone does not run yet is no fault"

    def test_reaeq_is_tried_again_on_demand(
        self, resource: Path, reaper: StandIn, tmp_path: Path
    ) -> None:
        cache = tmp_path / "c.json"
        cache.write_text(json.dumps({reaper.call("GetAppVersion"): ["it was odd"]}))
        odd = doctor.examine(resource, endpoint=reaper.endpoint, cache=cache)
        assert odd.exit_code == 1
        assert "it was odd" in odd.as_text()
        good = doctor.examine(resource, endpoint=reaper.endpoint, cache=cache, again=True)
        assert "it was odd" not in good.as_text()

    def test_without_reaper(self, resource: Path, tmp_path: Path) -> None:
        install_all(resource)
        found = doctor.examine(resource, cache=tmp_path / "c.json")
        assert found.exit_code == 3
        assert "REAPER is not running" in found.as_text()
        assert not (tmp_path / "c.json").exists()

    def test_reaper_without_its_server(
        self, resource: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = reaper_places.RunningReaper(os.getpid(), Path("/opt/REAPER/reaper"))
        monkeypatch.setattr(reaper_places, "running_reapers", lambda: (running,))
        found = doctor.examine(resource, cache=tmp_path / "c.json")
        assert found.exit_code == 3
        assert "its console tells" in found.as_text()

    def test_open_ports_of_reaper_are_seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            running = reaper_places.RunningReaper(os.getpid(), Path("/opt/REAPER/reaper"))
            assert listening.getsockname() in doctor._open_ports((running,))

    def test_another_version_is_an_answer(
        self, resource: Path, reaper: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inside, "API_VERSION", inside.API_VERSION + 1)
        found = doctor.examine(resource, endpoint=reaper.endpoint, cache=tmp_path / "c.json")
        (check,) = (check for check in found.checks if check.name == "Server in REAPER")
        assert found.exit_code == 1
        assert "version" in check.text
        assert "install" in check.step

    def test_no_resource_folder(self, tmp_path: Path) -> None:
        found = doctor.examine(tmp_path / "nowhere", cache=tmp_path / "c.json")
        assert "nowhere" in found.checks[0].text
        assert found.checks[0].state is State.TODO
        assert all(check.step for check in found.checks if check.state is State.TODO)


def test_exit_codes() -> None:
    ok, advice, todo = (Check("x", state, "") for state in (State.OK, State.ADVICE, State.TODO))
    assert Diagnosis((ok, advice), True).exit_code == 0
    assert Diagnosis((ok, todo), True).exit_code == 1
    assert Diagnosis((todo,), False).exit_code == 3
