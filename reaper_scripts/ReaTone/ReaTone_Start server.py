# @noindex
"""ReaTone: start server.  Lets ReaTone's programs work on the project while REAPER runs.

Run by REAPER's own Python, 3.8 or later. What it needs lies in the folder `python` beside it, put
there by `reatone install`: nothing depends on where ReaTone itself is installed, or on which Python
it uses. The file `command.txt` there says how ReaTone is started; the Lua actions are told.
"""

import os
import sys
import traceback


def main():
    """Start the server, or say in REAPER's console why that is not possible."""
    for folder in (sys.path[0], os.path.join(RPR_GetResourcePath(), "Scripts", "ReaTone")):
        library = os.path.join(folder, "python")
        if os.path.isdir(library) and library not in sys.path:
            sys.path.insert(0, library)
            tell_command(os.path.join(library, "command.txt"))
    try:
        from bridge.reaper import server

        server.start()
    except Exception:
        RPR_ShowConsoleMsg(
            "ReaTone's server could not be started. Run `reatone install` again, restart REAPER, "
            "and if that does not help, `reatone doctor`.\n" + traceback.format_exc()
        )


def tell_command(path):
    """Let the Lua actions know the command that starts ReaTone, if it is there."""
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            RPR_SetExtState("ReaTone", "command", file.read().strip(), False)


if __name__ == "__main__":
    main()
