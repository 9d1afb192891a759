"""The least of a REAPER, for any Python from 3.8: runs the start-up script and its deferred code.

Nothing of ReaTone is imported here: what the script needs must lie beside it. Ends with its
standard input.
"""

import sys
import threading
import time
import types
from pathlib import Path

SCRIPT = sys.argv[1]
deferred, at_exit, ext_state = [], [], {}


def set_ext_state(section, key, value, persist):
    """Store a value as SetExtState does."""
    ext_state[section, key] = value


def show(text):
    """Print what the console would show."""
    print(text, file=sys.stderr)


functions = {
    "RPR_defer": deferred.append,
    "RPR_atexit": at_exit.append,
    "RPR_GetResourcePath": lambda: "/nowhere",
    "RPR_GetAppVersion": lambda: "0/toy",
    "RPR_GetExtState": lambda section, key: ext_state.get((section, key), ""),
    "RPR_SetExtState": set_ext_state,
    "RPR_DeleteExtState": lambda section, key, persist: ext_state.pop((section, key), None),
    "RPR_ShowConsoleMsg": show,
    "RPR_EnumProjects": lambda index, path, size: ("(ReaProject*)0x1", index, "", size),
    "RPR_CountTracks": lambda project: 0,
}
reaper_python = types.ModuleType("reaper_python")
reaper_python.__dict__.update(functions, _ft={}, rpr_packp=lambda kind, pointer: pointer)
main = types.ModuleType("__main__")
main.__dict__.update(functions, obj=object())
keep = sys.modules["__main__"]
sys.modules.update(reaper_python=reaper_python, __main__=main)
sys.path.insert(0, SCRIPT.rpartition("/")[0])

ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
exec(compile(Path(SCRIPT).read_text("utf-8"), SCRIPT, "exec"), main.__dict__)
while not ended.is_set():
    codes, deferred[:] = deferred[:], []
    for code in codes:
        exec(compile(code, "deferred", "exec"), main.__dict__)
    time.sleep(1 / 30)
for code in at_exit:
    exec(compile(code, "at exit", "exec"), main.__dict__)
