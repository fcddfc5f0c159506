"""A kernel as Python calls it: Numba's dispatcher, whose cache may fail without harm.

Numba's settings are those of the process and belong to whoever else uses it: what a kernel needs is set while it is
decorated or compiled, and put back.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.errors import NumbaError

from zdscan.compiled import cache
from zdscan.compiled.entry import Entry


class NotKept(UserWarning):
    """Compiled kernels cannot be saved, so that the next process compiles them again."""


class Kernel:
    """A function that is compiled when it is first called with some types, or loaded where the cache has it.

    Files of the cache that are damaged, cannot be read or cannot be written cost time only. Whatever is not described
    here is that of Numba's dispatcher: `py_func`, `signatures`, `stats`, `compile`, ...

    Parameters
    ----------
    options : of `numba.njit`.
    settings : of `numba.config` while the function is compiled.
    """

    def __init__(
        self, function: Callable[..., Any], options: Mapping[str, Any], settings: Mapping[str, object]
    ) -> None:
        self._function, self._options, self._settings = function, options, settings
        self._place = cache.folder()
        self._compiled, self._entry = self._decorate(self._place)
        self._is_checked = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)

    def __call__(self, *arguments: Any) -> Any:
        """The function's value."""
        if not self._is_checked:
            self._is_checked = True
            if self._place != cache.folder():  # a copy on this machine, made since
                self._compiled, self._entry = self._decorate(cache.folder())
            if self._entry is not None:
                self._entry.check()
        try:
            result = self._compiled(*arguments)
        except NumbaError:  # a mistake in the kernel's source
            raise
        except Exception as error:
            if self._entry is None:
                raise
            result = self._call_in_spite(error, arguments)
        if _watch.compiled and self._entry is not None and self._compiled in _watch.compiled:
            _watch.compiled.discard(self._compiled)
            self._entry.note()
        return result

    def _call_in_spite(self, trouble: Exception, arguments: tuple[Any, ...]) -> Any:
        """Call the function after its cache failed, with less of the cache at each attempt."""
        for attempt in range(3):
            if attempt == 1:
                if self._entry is not None:
                    self._entry.discard()
                self._compiled, self._entry = self._decorate(cache.folder())
            try:
                result = self._compiled(*arguments)
            except Exception as error:
                trouble = error
                continue
            if self._entry is None or attempt != 1:  # compiled before and not saved
                _tell(trouble)
            return result
        self._compiled, self._entry = self._decorate(None)
        result = self._compiled(*arguments)
        _tell(trouble)
        return result

    def _decorate(self, folder: Path | None) -> tuple[Any, Entry | None]:
        """Numba's dispatcher of the function, and its entry in the cache; no entry where nothing can be kept."""
        if folder is not None:
            with (
                contextlib.suppress(RuntimeError, OSError),
                _set({"CACHE_DIR": str(folder), "CACHE_LOCATOR_CLASSES": ""}),
            ):
                compiled = numba.njit(cache=True, **self._options)(self._function)
                place = compiled.stats.cache_path
                if place and folder in Path(place).parents:  # Numba knows other places, for whatever sources
                    _watch.settings[compiled] = self._settings
                    return compiled, Entry(place, self._function)
        compiled = numba.njit(**self._options)(self._function)
        _watch.settings[compiled] = self._settings
        return compiled, None


def _tell(trouble: Exception) -> None:
    reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
    warnings.warn(
        f"Compiled kernels cannot be kept in {cache.folder()}: {reason}; the next command compiles them again.",
        NotKept,
        stacklevel=2,
    )


_lock = threading.RLock()


@contextlib.contextmanager
def _set(settings: Mapping[str, object]) -> Iterator[None]:
    """Settings of Numba for a moment; those that this version does not have are left out."""
    with _lock:
        former = {name: getattr(numba.config, name) for name in settings if hasattr(numba.config, name)}
        try:
            for name in former:
                setattr(numba.config, name, settings[name])
            yield
        finally:
            for name, value in former.items():
                setattr(numba.config, name, value)


class _Watch(event.Listener):  # type: ignore[misc]
    """Told by Numba when a compilation begins and ends; of those there is one at a time in a process.

    Attributes
    ----------
    settings : of Numba, for each dispatcher of a kernel.
    compiled : dispatchers that were compiled, not loaded, since their kernel last looked.
    """

    def __init__(self) -> None:
        self.settings: weakref.WeakKeyDictionary[Any, Mapping[str, object]] = weakref.WeakKeyDictionary()
        self.compiled: weakref.WeakSet[Any] = weakref.WeakSet()
        self._set: list[contextlib.AbstractContextManager[None]] = []

    def on_start(self, event: Any) -> None:
        """Numba begins to compile something."""
        if (settings := self.settings.get(event.data["dispatcher"])) is not None:
            self._set.append(_set(settings))
            self._set[-1].__enter__()

    def on_end(self, event: Any) -> None:
        """Numba has compiled something, or failed to."""
        if event.data["dispatcher"] in self.settings:
            self._set.pop().__exit__(None, None, None)
            self.compiled.add(event.data["dispatcher"])


_watch = _Watch()
event.register("numba:compile", _watch)  # type: ignore[no-untyped-call]
