"""Small arrays of a size that is known when a kernel is compiled, on the stack.

`np.empty` in a kernel calls an allocator, counts references and compiles a function of Numba for every kind of
argument; an array on the stack costs nothing at run time and next to nothing to compile. It ends with the function that
made it: hand it to others, never return it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

ALIGNMENT = 64  # bytes: a vector never lies in two cache lines
LARGEST = 1 << 17  # bytes; threads of some systems have half a megabyte of stack


def local(*arguments: Any) -> np.ndarray:
    """Work space of numbers that mean nothing: local(n) or local(n, m), float64; another type comes last.

    The lengths are numbers, or names of a module's constants.
    """
    *shape, last = arguments
    return np.empty(arguments) if isinstance(last, int) else np.empty(tuple(shape), dtype=last)


@infer_global(local)  # type: ignore[no-untyped-call]
class _Local(AbstractTemplate):  # type: ignore[misc]
    prefer_literal = True

    def generic(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        """Type of the array, None where a length is not a constant."""
        dtype, lengths = types.float64, args
        if args and isinstance(args[-1], types.NumberClass):
            dtype, lengths = args[-1].instance_type, args[:-1]
        if not lengths or kws or not all(isinstance(length, types.IntegerLiteral) for length in lengths):
            return None
        if np.prod([length.literal_value for length in lengths]) * dtype.bitwidth // 8 > LARGEST:
            return None
        return signature(types.Array(dtype, len(lengths), "C"), *args)  # type: ignore[no-untyped-call]


@lower_builtin(local, types.VarArg(types.Any))  # type: ignore[no-untyped-call]
def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    from numba.np.arrayobj import populate_array  # with all that Numba knows of arrays: not needed to load kernels

    array_type = sig.return_type
    shape = [length.literal_value for length in sig.args[: array_type.ndim]]
    number = context.get_data_type(array_type.dtype)
    size = context.get_abi_sizeof(number)
    with builder.goto_entry_block():
        data = builder.alloca(ir.ArrayType(number, int(np.prod(shape))))
    data.align = ALIGNMENT
    array = context.make_array(array_type)(context, builder)
    populate_array(  # type: ignore[no-untyped-call]
        array,
        data=builder.bitcast(data, number.as_pointer()),
        shape=[context.get_constant(types.intp, length) for length in shape],
        strides=[context.get_constant(types.intp, size * int(np.prod(shape[k + 1 :]))) for k in range(len(shape))],
        itemsize=context.get_constant(types.intp, size),
        meminfo=None,
    )
    return array._getvalue()
