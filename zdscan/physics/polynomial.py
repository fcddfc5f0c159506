"""Polynomials in (eps, eps_z, g_mu), in which constraints write their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Exponents = tuple[int, int, int]


@dataclass(frozen=True)
class Polynomial:
    """A polynomial with complex coefficients: ``terms[(i, j, k)]`` multiplies eps^i eps_z^j g_mu^k."""

    terms: Mapping[Exponents, complex]

    @classmethod
    def linear(cls, row: ArrayLike) -> Polynomial:
        """A coupling: three numbers per unit of eps, eps_z, g_mu."""
        units: tuple[Exponents, ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
        return cls({unit: complex(c) for unit, c in zip(units, np.asarray(row), strict=True) if c != 0.0})

    @classmethod
    def quadratic(cls, form: Sequence[float]) -> Polynomial:
        """x^T form x with x = (eps, eps_z, g_mu), for a symmetric form of nine numbers, row by row."""
        a, ab, ac, _, b, bc, _, _, c = form
        terms = {(2, 0, 0): a, (0, 2, 0): b, (0, 0, 2): c, (1, 1, 0): 2 * ab, (1, 0, 1): 2 * ac, (0, 1, 1): 2 * bc}
        return cls({exponents: complex(value) for exponents, value in terms.items() if value != 0.0})

    @classmethod
    def constant(cls, value: complex) -> Polynomial:
        """A number."""
        return cls({(0, 0, 0): complex(value)} if value != 0.0 else {})

    @classmethod
    def combination(cls, *parts: tuple[complex, Polynomial]) -> Polynomial:
        """The sum of numbers times polynomials."""
        terms: dict[Exponents, complex] = {}
        for factor, polynomial in parts:
            for exponents, c in polynomial.terms.items():
                terms[exponents] = terms.get(exponents, 0.0) + factor * c
        return cls(terms)

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for exponents, c in other.terms.items():
            terms[exponents] = terms.get(exponents, 0.0) + c
        return Polynomial(terms)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other * -1.0

    def __mul__(self, other: Polynomial | complex) -> Polynomial:
        if not isinstance(other, Polynomial):
            return Polynomial({exponents: c * other for exponents, c in self.terms.items()})
        terms: dict[Exponents, complex] = {}
        for (i, j, k), c in self.terms.items():
            for (p, q, r), d in other.terms.items():
                exponents = (i + p, j + q, k + r)
                terms[exponents] = terms.get(exponents, 0.0) + c * d
        return Polynomial(terms)

    __rmul__ = __mul__

    @property
    def real(self) -> Polynomial:
        """Real part, for real parameters."""
        return Polynomial({exponents: complex(c.real) for exponents, c in self.terms.items()})

    @property
    def imag(self) -> Polynomial:
        """Imaginary part, for real parameters."""
        return Polynomial({exponents: complex(c.imag) for exponents, c in self.terms.items()})

    def abs2(self) -> Polynomial:
        """The squared modulus, for real parameters."""
        return self.real * self.real + self.imag * self.imag

    def at(self, parameters: Sequence[float] | NDArray[np.float64]) -> NDArray[np.complex128]:
        """The values at the three parameters: numbers, or rows of numbers."""
        x, y, z = np.asarray(parameters, dtype=np.float64)
        found = np.zeros(np.shape(x), dtype=np.complex128)
        for (i, j, k), c in self.terms.items():
            found = found + c * x**i * y**j * z**k
        return found

    def pack(self, places: Mapping[Exponents, int], out: list[float]) -> None:
        """Put the coefficients, which are real, into their places in `out`.

        Raises
        ------
        ValueError
            If a coefficient is complex or has no place: a constraint is written wrongly.
        """
        for exponents, c in self.terms.items():
            if c == 0.0:
                continue
            if exponents not in places or c.imag != 0.0:
                raise ValueError(f"term {exponents} with coefficient {c} does not fit a clause")
            out[places[exponents]] = c.real
