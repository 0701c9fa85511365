"""Read by Python at the start of a process that has this folder on its path: applies the patches that are asked for.

A patch that fails ends the process: a fault that is silently not there would pass for a product that stands it.
"""

import os
import sys
import traceback

_NAMES = [name for name in os.environ.get("CHAOS_PATCHES", "").split(",") if name]

if _NAMES:
    try:
        import chaos_patches

        for _name in _NAMES:
            getattr(chaos_patches, _name)()
            print(f"chaos: {_name} is on", file=sys.stderr, flush=True)
    except BaseException:
        traceback.print_exc()
        os._exit(70)
