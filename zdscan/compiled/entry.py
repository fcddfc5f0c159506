"""The files of one kernel in the cache of compiled kernels, with their checksums beside them.

Numba believes what it finds there. A file that was cut off, or whose blocks a power failure left empty, ends every
command that meets it, or the process. Its files are compared with their checksums before Numba reads them.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Entry:
    """What the cache holds of one kernel: Numba's index of the types it was compiled for, and a file for each.

    Parameters
    ----------
    folder : where Numba keeps the files of the kernel.
    """

    def __init__(self, folder: str | Path, function: Callable[..., Any]) -> None:
        self._folder = Path(folder)
        module = Path(inspect.getfile(function)).stem
        # Numba's names: module.function-line.pyXY.nbi and, for each set of types, .1.nbc and so on
        name = function.__qualname__.replace("<", "").replace(">", "")
        self._start = f"{module}.{name}-{function.__code__.co_firstlineno}."
        self._note = self._folder / f"{self._start}sums.json"

    def check(self) -> None:
        """Delete the entry unless its index and all other files that are noted match their checksums."""
        try:
            noted = json.loads(self._note.read_bytes())
            whole = all(_checksum(self._folder / name) == number for name, number in noted.items())
        except (OSError, ValueError, AttributeError):
            noted, whole = {}, False
        if not whole or any(path.suffix == ".nbi" and path.name not in noted for path in self._files()):
            self.discard()

    def note(self) -> None:
        """Note the checksums of the files as they are."""
        with contextlib.suppress(OSError):  # a note that is not there costs a compilation
            sums = {path.name: _checksum(path) for path in self._files()}
            temporary = self._note.with_name(f"{self._note.name}.tmp.{uuid.uuid4().hex[:16]}")
            try:
                temporary.write_text(json.dumps(sums))
                os.replace(temporary, self._note)
            finally:
                temporary.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete the files, as far as the folder lets them be deleted."""
        for path in [self._note, *self._files()]:
            with contextlib.suppress(OSError):
                path.unlink()

    def _files(self) -> list[Path]:
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        wanted = [name for name in names if name.startswith(self._start) and name.endswith((".nbi", ".nbc"))]
        return [self._folder / name for name in sorted(wanted)]


def _checksum(path: Path) -> int:
    return zlib.crc32(path.read_bytes())
