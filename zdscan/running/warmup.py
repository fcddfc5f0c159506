"""Every kernel compiled at once, before the first job or in the image of a container."""

from __future__ import annotations

import json
from functools import partial
from itertools import product
from pathlib import Path

from zdscan.compiled.cache import cache_folder, folder, is_complete, is_kept
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.evaluation.fields import ALWAYS, FIELDS, OF_KINDS
from zdscan.evaluation.setting import FORMATS
from zdscan.grid import profiles
from zdscan.scan.scanfile import parse_scan

# of one point, by which everything that a scan needs can be compiled
ONE_POINT = """
format = 1
case = "C"
[axes]
mass = { values = [0.1] }
eps = { values = [1e-4] }
eps_z = { values = [1e-4] }
g_mu = { values = [1e-3] }
"""


def compile_everything() -> Path:
    """Compile what scans with few and with all fields need; returns the folder of the cache.

    Raises
    ------
    UserError
        The folder cannot be written, so that nothing is kept.
    """
    compiled: set[tuple[str, ...]] = set()
    for scan_format, fields in product(FORMATS, (ALWAYS, FIELDS)):
        chosen = [f"format={scan_format}", 'constraints.use="all"', f"output.fields={json.dumps(fields)}"]
        if set(fields) & set(OF_KINDS):
            chosen.append('data.measurements=["latest", "lfu", "angular"]')
        engine = Engine.from_scan(parse_scan(ONE_POINT, "warm-up", chosen))
        types = tuple(field.dtype for field in engine.fields)  # "all" may be too many for the mask of an earlier format
        if types not in compiled:
            engine.warm_up(partial(profiles.warm_up, engine.fields))
            compiled.add(types)
    if not is_complete():
        kept = f" What it lacked is in {folder()} now, for this user on this machine." if is_kept() else ""
        raise UserError(
            f"The folder {cache_folder()} cannot be written, so commands compile the kernels again (half a minute): "
            f"set ZDSCAN_CACHE_DIR to a folder that can.{kept}"
        )
    return cache_folder()
