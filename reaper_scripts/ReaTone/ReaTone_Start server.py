# @noindex
"""ReaTone: start server.  Lets ReaTone's programs work on the project while REAPER runs.

Run by REAPER's own Python, 3.8 or later. What it needs lies in the folder `python` beside it, put
there by `reatone install`: nothing depends on where ReaTone itself is installed, or on which Python
it uses.
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
    try:
        from bridge.reaper import server

        server.start()
    except Exception:
        RPR_ShowConsoleMsg(
            "ReaTone's server could not be started. Run `reatone install` again, restart REAPER, "
            "and if that does not help, `reatone doctor`.\n" + traceback.format_exc()
        )


if __name__ == "__main__":
    main()
