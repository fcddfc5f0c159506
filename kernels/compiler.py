"""How Numba compiles the kernels: the passes that they need, and machine code for entries alone.

Numba optimises every function as a whole and turns it into machine code, also those that are only called by others and
become part of them, where all of it is done again. It also asks for types many times over, and imports all that it can
compile before it loads a compiled function.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from typing import Any

from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core import compiler, typed_passes, untyped_passes
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.runtime.nrt import rtsys

# for what the kernels have none of: closures, with statements, None to test for, array expressions, inlined IR
_UNUSED = (
    *("WithLifting", "InlineClosureLikes", "DeadBranchPrune", "RewriteDynamicRaises", "MakeFunctionToJitFunction"),
    *("InlineInlinables", "FindLiterallyCalls", "LiteralUnroll", "LiteralPropagationSubPipelinePass"),
    *("RewriteSemanticConstants", "NopythonRewrites", "InlineOverloads", "DumpParforDiagnostics"),
)
_SKIPPED = {
    getattr(module, name) for module in (untyped_passes, typed_passes) for name in _UNUSED if hasattr(module, name)
}
_KNOWN: dict[Any, dict[Any, Any]] = {}  # by compiler flags


def _remembering(context: Any, known: dict[Any, Any]) -> Any:
    """A typing context that looks only once for what a function makes of types: Numba asks several times per call."""
    resolve = context.resolve_function_type

    def remembered(function: Any, arguments: Any, keywords: Any) -> Any:
        if function == "static_getitem" or function == "static_setitem":  # with numbers among the arguments
            return resolve(function, arguments, keywords)
        key = function, tuple(arguments), tuple(keywords.items())
        found = known.get(key)
        if found is None:
            found = known[key] = resolve(function, arguments, keywords)
        return found

    view = copy.copy(context)
    view.resolve_function_type = remembered
    return view


class Whole(compiler.Compiler):  # type: ignore[misc]
    """Of functions that Python calls."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
        context = self.state.targetctx

        def refresh() -> None:
            for registry in list(context._registries):
                context.install_registry(registry)

        # after every lookup that finds nothing at first; all modules have been imported already
        context.refresh = refresh
        self.state.typingctx = _remembering(self.state.typingctx, _KNOWN.setdefault(self.state.flags.copy(), {}))

    def define_pipelines(self) -> list[Any]:
        """Numba's passes without those that the kernels have no work for."""
        managers: list[Any] = super().define_pipelines()  # type: ignore[no-untyped-call]
        for manager in managers:
            manager.passes = [entry for entry in manager.passes if entry[0] not in _SKIPPED]
            manager.finalize()
        return managers

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile without the collector of garbage, which takes a tenth of the time and finds little."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(func)  # type: ignore[no-untyped-call]
        finally:
            if collecting:
                gc.enable()


class _Unfinished(JITCodeLibrary):  # type: ignore[misc]
    """Code that is linked into that of callers and optimised there."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True


def _no_entry(library: Any, description: Any, environment: Any) -> Any:
    """In place of `CPUContext.get_executable`."""
    name = description.qualname.split(".")[-1]
    return _dynfunc.make_function(description.lookup_module(), name, "", 0, environment, (library,))


class Part(Whole):
    """Of functions that only other kernels call."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile into a library without machine code."""
        codegen = self.state.targetctx.codegen()
        self.state.library = _Unfinished(codegen, func.__qualname__)  # type: ignore[no-untyped-call]
        self.state.targetctx.get_executable = _no_entry
        return super().compile_extra(func)


class _Contents(CompileResultCacheImpl):  # type: ignore[misc]
    def reduce(self, cres: Any) -> Any:
        """What is stored of a compiled function, without the environments of what became part of it.

        They serve errors that carry values; kernels raise none. To load them is to import the modules they came from.
        """
        *contents, _ = super().reduce(cres)  # type: ignore[no-untyped-call]
        return *contents, ()


class Cache(FunctionCache):  # type: ignore[misc]
    """Compiled functions in files. To load one, Numba would import all that it can compile: a third of a second."""

    _impl_class = _Contents

    def __init__(self, function: Callable[..., Any], managed: bool) -> None:
        """managed : whether the function uses Numba's memory management."""
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._managed = managed

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The function compiled for a signature, None where there is none."""
        if self._managed:
            rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():  # type: ignore[no-untyped-call]
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
