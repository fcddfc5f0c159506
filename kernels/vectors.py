"""Sums of products at eight neighbouring points, which stay in the registers of the processor.

A compiled loop over eight numbers is unrolled before it could be vectorised, and one that adds up loads and stores its
sums for every few terms. What is here are vectors of four numbers, which LLVM turns into whatever registers a processor
has; otherwise as in kernels/jit.py: fused multiply-adds, nothing reordered, so that a point does not depend on its
neighbours. All arrays are float64, one-dimensional and contiguous; called from Python the functions run as Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

ROWS, POINTS = 5, 8  # of sums at once
_WIDE = 4  # numbers of a vector
_PARTS = POINTS // _WIDE
_CONTRACT = ("contract",)
_VECTOR, _WHOLE = ir.VectorType(ir.DoubleType(), _WIDE), ir.IntType(64)
_NUMBERS, _INTEGER = types.Array(types.float64, 1, "C"), types.int64  # type: ignore[no-untyped-call]


def add_products(
    c: np.ndarray, at: int, stride: int, x: np.ndarray, begin: int, count: int, out: np.ndarray, to: int
) -> None:
    """out[to + 8 d + i] += sum over n of c[at + n stride + d] x[begin + 8 n + i], for five d and eight i."""
    for n in range(count):
        rows = c[at + n * stride : at + n * stride + ROWS]
        out[to : to + ROWS * POINTS] += np.outer(rows, x[begin + POINTS * n : begin + POINTS * (n + 1)]).ravel()


def products(
    c: np.ndarray, at: int, stride: int, x: np.ndarray, begin: int, count: int, out: np.ndarray, to: int
) -> None:
    """As `add_products`, but out[to + 8 d + i] is filled."""
    out[to : to + ROWS * POINTS] = 0.0
    add_products(c, at, stride, x, begin, count, out, to)


def lengths(c: np.ndarray, x: np.ndarray, begin: int, count: int, out: np.ndarray, to: int) -> None:
    """out[to + i] = sum over n of c[n] |x[begin + 8 n + i]|, for eight i."""
    out[to : to + POINTS] = 0.0
    for n in range(count):
        out[to : to + POINTS] += c[n] * np.abs(x[begin + POINTS * n : begin + POINTS * (n + 1)])


def squares(x: np.ndarray, y: np.ndarray, begin: int, count: int, out: np.ndarray, to: int) -> None:
    """out[to + i] = sum over n of x[begin + 8 n + i] y[begin + 8 n + i], for eight i."""
    out[to : to + POINTS] = 0.0
    for n in range(count):
        here = slice(begin + POINTS * n, begin + POINTS * (n + 1))
        out[to : to + POINTS] += x[here] * y[here]


def multiply(x: np.ndarray, of: int, y: np.ndarray, begin: int, count: int, out: np.ndarray, to: int) -> None:
    """out[to + 8 n + i] = x[of + i] y[begin + 8 n + i], for eight i."""
    for n in range(count):
        out[to + POINTS * n : to + POINTS * (n + 1)] = (
            x[of : of + POINTS] * y[begin + POINTS * n : begin + POINTS * (n + 1)]
        )


class _Code:
    """What is written into a kernel in the place of a call.

    Parameters
    ----------
    context, builder, sig, args : as Numba gives them.
    """

    def __init__(self, context: Any, builder: Any, sig: Any, args: Any) -> None:
        self._context, self.builder, self._sig, self.args = context, builder, sig, args

    def array(self, k: int) -> Any:
        """Pointer to the numbers of an argument."""
        return self._context.make_array(self._sig.args[k])(self._context, self.builder, self.args[k]).data

    def plus(self, index: Any, number: int) -> Any:
        """An index further on."""
        return self.builder.add(index, ir.Constant(_WHOLE, number))

    def octet_of(self, begin: Any, n: Any) -> Any:
        """Where the n-th eight numbers from `begin` are."""
        return self.builder.add(begin, self.builder.mul(n, ir.Constant(_WHOLE, POINTS)))

    def places(self, base: Any, index: Any) -> list[Any]:
        """Pointers to the vectors of eight numbers."""
        return [
            self.builder.bitcast(self.builder.gep(base, [self.plus(index, part * _WIDE)]), _VECTOR.as_pointer())
            for part in range(_PARTS)
        ]

    def load(self, places: list[Any]) -> list[Any]:
        """The vectors at these places."""
        return [self.builder.load(place, align=8) for place in places]

    def number(self, base: Any, index: Any) -> list[Any]:
        """One number as a vector for all points, as many times as there are vectors."""
        empty, first = ir.Constant(_VECTOR, ir.Undefined), ir.Constant(ir.IntType(32), 0)
        one = self.builder.insert_element(empty, self.builder.load(self.builder.gep(base, [index])), first)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), _WIDE), [0] * _WIDE)
        return [self.builder.shuffle_vector(one, empty, lanes)] * _PARTS

    def times(self, x: list[Any], y: list[Any]) -> list[Any]:
        """Products of vectors."""
        return [self.builder.fmul(*pair, flags=_CONTRACT) for pair in zip(x, y, strict=True)]

    def sizes(self, x: list[Any]) -> list[Any]:
        """Absolute values of vectors."""
        of_vector = ir.FunctionType(_VECTOR, [_VECTOR])
        function = get_or_insert_function(self.builder.module, of_vector, f"llvm.fabs.v{_WIDE}f64")  # type: ignore[no-untyped-call]
        return [self.builder.call(function, [vector]) for vector in x]

    def sums(
        self, places: list[list[Any]], count: Any, terms: Callable[[Any], list[list[Any]]], *, add: bool = False
    ) -> None:
        """Fill octets, or add to them, with the sum of what `terms` gives for n from 0 to count, all in registers."""
        builder = self.builder
        none = [ir.Constant(_VECTOR, [0.0] * _WIDE)] * _PARTS
        before = [self.load(octet) if add else none for octet in places]
        entry = builder.block
        loop, done = builder.append_basic_block("sums"), builder.append_basic_block("sums.done")
        zero = ir.Constant(_WHOLE, 0)
        builder.cbranch(builder.icmp_signed(">", count, zero), loop, done)
        builder.position_at_end(loop)
        n = builder.phi(_WHOLE)
        held = [[builder.phi(_VECTOR) for _ in octet] for octet in places]
        after = [
            [builder.fadd(*pair, flags=_CONTRACT) for pair in zip(octet, term, strict=True)]
            for octet, term in zip(held, terms(n), strict=True)
        ]
        following = self.plus(n, 1)
        last = builder.block
        builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
        n.add_incoming(zero, entry)
        n.add_incoming(following, last)
        builder.position_at_end(done)
        found = [[builder.phi(_VECTOR) for _ in octet] for octet in places]
        for k, octet in enumerate(places):
            for part in range(len(octet)):
                for phi in (held[k][part], found[k][part]):
                    phi.add_incoming(before[k][part], entry)
                    phi.add_incoming(after[k][part], last)
        for k, octet in enumerate(places):
            for part, place in enumerate(octet):
                builder.store(found[k][part], place, align=8)


def _products(code: _Code, *, add: bool = False) -> None:
    c, x, out = code.array(0), code.array(3), code.array(6)
    _, at, stride, _, begin, count, _, to = code.args

    def terms(n: Any) -> list[list[Any]]:
        points = code.load(code.places(x, code.octet_of(begin, n)))
        row = code.builder.add(at, code.builder.mul(n, stride))
        return [code.times(code.number(c, code.plus(row, d)), points) for d in range(ROWS)]

    code.sums([code.places(out, code.plus(to, d * POINTS)) for d in range(ROWS)], count, terms, add=add)


def _add_products(code: _Code) -> None:
    _products(code, add=True)


def _lengths(code: _Code) -> None:
    c, x, out = code.array(0), code.array(1), code.array(4)
    _, _, begin, count, _, to = code.args

    def terms(n: Any) -> list[list[Any]]:
        points = code.load(code.places(x, code.octet_of(begin, n)))
        return [code.times(code.number(c, n), code.sizes(points))]

    code.sums([code.places(out, to)], count, terms)


def _squares(code: _Code) -> None:
    x, y, out = code.array(0), code.array(1), code.array(4)
    _, _, begin, count, _, to = code.args

    def terms(n: Any) -> list[list[Any]]:
        here = code.octet_of(begin, n)
        return [code.times(code.load(code.places(x, here)), code.load(code.places(y, here)))]

    code.sums([code.places(out, to)], count, terms)


def _multiply(code: _Code) -> None:
    x, y, out = code.array(0), code.array(2), code.array(5)
    _, of, _, begin, count, _, to = code.args
    points = code.load(code.places(x, of))

    def terms(n: Any) -> list[list[Any]]:
        found = code.times(points, code.load(code.places(y, code.octet_of(begin, n))))
        for vector, place in zip(found, code.places(out, code.octet_of(to, n)), strict=True):
            code.builder.store(vector, place, align=8)
        return []

    code.sums([], count, terms)


def _replace(function: Callable[..., None], write: Callable[[_Code], None], *arguments: Any) -> None:
    """Have kernels compile what `write` writes where they call `function` with arguments of these types."""

    class Call(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
            """The type of a call, None where the arguments do not fit."""
            return signature(types.void, *arguments) if len(args) == len(arguments) and not kws else None  # type: ignore[no-untyped-call]

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        write(_Code(context, builder, sig, args))
        return context.get_dummy_value()

    infer_global(function)(Call)  # type: ignore[no-untyped-call]
    lower_builtin(function, *arguments)(lower)  # type: ignore[no-untyped-call]


_OF_PRODUCTS = (_NUMBERS, _INTEGER, _INTEGER, _NUMBERS, _INTEGER, _INTEGER, _NUMBERS, _INTEGER)
_OF_TWO = (_NUMBERS, _NUMBERS, _INTEGER, _INTEGER, _NUMBERS, _INTEGER)
_replace(add_products, _add_products, *_OF_PRODUCTS)
_replace(products, _products, *_OF_PRODUCTS)
_replace(lengths, _lengths, *_OF_TWO)
_replace(squares, _squares, *_OF_TWO)
_replace(multiply, _multiply, _NUMBERS, _INTEGER, _NUMBERS, _INTEGER, _INTEGER, _NUMBERS, _INTEGER)
