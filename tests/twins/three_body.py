"""Three-body decays with a vector boson: explicit spinors and polarisation vectors, summed state by state.

P+ -> l+ nu V, W+ -> l+ nu V and Z -> l- l+ V. Every diagram is written as it comes from the Lagrangian, propagators and
all, in extended precision (the longitudinal vector costs (E/M)^2 digits of a conserved current); no trace is taken.
V couples as V_mu lbar gamma^mu (gL PL + gR PR) l + gn V_mu nubar gamma^mu PL nu; the meson is a charged scalar with
charge gf and the contact term gC of its axial current; the W is a Yang-Mills boson with charge gW.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.twins import dirac

Real, Complex = np.longdouble, np.clongdouble
METRIC = np.array([1, -1, -1, -1], dtype=Real)
GAMMA = dirac.GAMMA.astype(Complex)
ONE, LEFT, RIGHT = np.eye(4, dtype=Complex), dirac.LEFT.astype(Complex), dirac.RIGHT.astype(Complex)
PI = Real("3.14159265358979323846264338327950288")

MESON_COUPLINGS = ("gL", "gR", "gn", "gf", "gC")
W_COUPLINGS = ("gL", "gR", "gn", "gW")
Z_COUPLINGS = ("gL", "gR")


# --- algebra on arrays of momenta, shape (n, 4)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("...m,...m,m->...", a, b, METRIC)


def slash(a: np.ndarray) -> np.ndarray:
    return np.einsum("mab,...m->...ab", GAMMA, a * METRIC)


def apply(matrix: np.ndarray, spinor: np.ndarray) -> np.ndarray:
    return np.einsum("...ab,...b->...a", matrix, spinor)


def particle(p: np.ndarray, mass: Real) -> list[np.ndarray]:
    """ubar for both spins: sum u ubar = pslash + m."""
    norm = np.sqrt(p[..., 0] + mass)[..., None]
    spinors = [apply(slash(p) + mass * ONE, ONE[s]) / norm for s in (0, 1)]
    return [np.einsum("...a,ab->...b", u.conj(), GAMMA[0]) for u in spinors]


def antiparticle(p: np.ndarray, mass: Real) -> list[np.ndarray]:
    """v for both spins: sum v vbar = pslash - m."""
    norm = np.sqrt(p[..., 0] + mass)[..., None]
    return [apply(mass * ONE - slash(p), ONE[s]) / norm for s in (2, 3)]


def polarisations(q: np.ndarray, mass: Real) -> list[np.ndarray]:
    """Two transverse and one longitudinal real vector for momenta in the x-z plane."""
    size = np.hypot(q[..., 1], q[..., 3])
    at_rest = size == 0
    x = np.where(at_rest, 0, q[..., 1] / np.where(at_rest, 1, size))
    z = np.where(at_rest, 1, q[..., 3] / np.where(at_rest, 1, size))
    zero = np.zeros_like(x)
    return [
        np.stack([zero, zero, zero + 1, zero], axis=-1),
        np.stack([zero, z, zero, -x], axis=-1),
        np.stack([size, q[..., 0] * x, zero, q[..., 0] * z], axis=-1) / mass,
    ]


@dataclass(frozen=True)
class Event:
    """Momenta (n, 4) of l+ (`p`), nu or l- (`k`) and V (`q`), and the denominators they give, free of cancellation."""

    p: np.ndarray
    k: np.ndarray
    q: np.ndarray
    lepton_pole: np.ndarray  # (p+q)^2 - m^2
    other_pole: np.ndarray  # (k+q)^2 - m_k^2


# --- diagrams: i times the Lagrangian at every vertex, i times the numerator over the denominator, one i left out.
# A chain is a product of Dirac matrices between ubar(k) and v(p); an amplitude is a sum of chains.

Chain = tuple[np.ndarray, ...]


def _antilepton_leg(e: Event, m: Real, vertex: Chain, eps: np.ndarray, chiral: np.ndarray) -> Chain:
    """vertex . [propagator of -(p+q)] . epsslash chiral, to be applied to v(p)."""
    propagator = (slash(e.p + e.q) - m * ONE) / e.lepton_pole[:, None, None]
    return (*vertex, propagator, slash(eps), chiral)


def _particle_leg(e: Event, m: Real, vertex: Chain, eps: np.ndarray, chiral: np.ndarray) -> Chain:
    """ubar(k) . epsslash chiral . [propagator of k+q] . vertex."""
    propagator = (slash(e.k + e.q) + m * ONE) / e.other_pole[:, None, None]
    return (-slash(eps), chiral, propagator, *vertex)


def meson_amplitudes(e: Event, m: Real, eps: np.ndarray) -> list[list[Chain]]:
    """Per unit of each of MESON_COUPLINGS, for the weak vertex Pslash (1 - gamma5)."""
    total = e.p + e.k + e.q
    vertex = (slash(total), 2 * LEFT)
    two_p_minus_q = dot(2 * total - e.q, eps)
    scalar_pole = -dot(e.q, 2 * total - e.q)  # (P-q)^2 - P^2
    virtual = -(two_p_minus_q / scalar_pole)[:, None] * (total - e.q)
    return [
        [_antilepton_leg(e, m, vertex, eps, LEFT)],
        [_antilepton_leg(e, m, vertex, eps, RIGHT)],
        [_particle_leg(e, Real(0), vertex, eps, LEFT)],
        [(slash(virtual), 2 * LEFT)],
        [(slash(eps), 2 * LEFT)],
    ]


def w_amplitudes(e: Event, m: Real, eps: np.ndarray, eps_w: np.ndarray) -> list[list[Chain]]:
    """Per unit of each of W_COUPLINGS, for the weak vertex epsslash_W (1 - gamma5); unitary W propagator."""
    total = e.p + e.k + e.q
    vertex = (slash(eps_w), 2 * LEFT)
    virtual = total - e.q
    m_w2 = dot(total, total)
    # Yang-Mills vertex with incoming momenta P, -q, -(P-q)
    current = dot(eps_w, eps)[:, None] * (total + e.q)
    current = current + dot(virtual - e.q, eps_w)[:, None] * eps - dot(virtual + total, eps)[:, None] * eps_w
    pole = -dot(e.q, 2 * total - e.q)
    current = (current - (dot(virtual, current) / m_w2)[:, None] * virtual) / pole[:, None]
    return [
        [_antilepton_leg(e, m, vertex, eps, LEFT)],
        [_antilepton_leg(e, m, vertex, eps, RIGHT)],
        [_particle_leg(e, Real(0), vertex, eps, LEFT)],
        [(slash(current), 2 * LEFT)],
    ]


def z_amplitudes(e: Event, m: Real, eps: np.ndarray, eps_z: np.ndarray, z_chiral: np.ndarray) -> list[list[Chain]]:
    """Per unit of each of Z_COUPLINGS, for the vertex epsslash_Z (cL PL + cR PR)."""
    vertex = (slash(eps_z), z_chiral)
    return [
        [_antilepton_leg(e, m, vertex, eps, chiral), _particle_leg(e, m, vertex, eps, chiral)]
        for chiral in (LEFT, RIGHT)
    ]


def evaluate(amplitude: list[Chain], ket: np.ndarray) -> np.ndarray:
    """The matrices of an amplitude applied to v(p)."""
    total = np.zeros_like(ket)
    for chain in amplitude:
        spinor = ket
        for matrix in reversed(chain):
            spinor = apply(matrix, spinor)
        total = total + spinor
    return total


Amplitudes = Callable[[Event, np.ndarray], Iterator[list[list[Chain]]]]


@dataclass(frozen=True)
class Decay:
    """A decay into l+ (mass m), nu or l- (mass m_k) and V."""

    parent: Real
    m: Real
    m_k: Real
    mass: Real
    amplitudes: (
        Amplitudes  # event, polarisation of V -> for each polarisation of the parent, one amplitude per coupling
    )
    couplings: tuple[str, ...]
    reference: Real  # width without V, same average over the parent's polarisations left out

    def squared(self, e: Event) -> np.ndarray:
        """Re sum over all spins of A_i A_j^*, shape (n, couplings, couplings)."""
        kets, bras = antiparticle(e.p, self.m), particle(e.k, self.m_k)
        size = len(self.couplings)
        result = np.zeros((e.p.shape[0], size, size), dtype=Real)
        for eps in polarisations(e.q, self.mass):
            for amplitudes in self.amplitudes(e, eps):
                for ket in kets:
                    applied = [evaluate(amplitude, ket) for amplitude in amplitudes]
                    for bra in bras:
                        a = np.stack([np.einsum("na,na->n", bra, x) for x in applied], axis=-1)
                        result += (a[:, :, None] * a.conj()[:, None, :]).real
        return result

    def divergence(self, e: Event, couplings: dict[str, float]) -> tuple[Real, Real]:
        """Largest amplitude with eps replaced by q, and the largest single term: zero for a conserved current."""
        weights = [Real(couplings.get(name, 0)) for name in self.couplings]
        total, largest = Real(0), Real(0)
        for amplitudes in self.amplitudes(e, e.q):
            for ket in antiparticle(e.p, self.m):
                applied = [g * evaluate(x, ket) for g, x in zip(weights, amplitudes, strict=True)]
                for bra in particle(e.k, self.m_k):
                    terms = [np.einsum("na,na->n", bra, x) for x in applied]
                    total = max(total, np.abs(sum(terms)).max())
                    largest = max(largest, *(np.abs(t).max() for t in terms))
        return total, largest


def meson_decay(parent: float, m: float, m_ref: float, mass: float) -> Decay:
    """P+ -> l+ nu V over P+ -> l'+ nu; m, m_ref the masses of l and l'."""
    big, small, ref = Real(parent), Real(m), Real(m_ref)
    # sum |ubar(k) Pslash (1-gamma5) v(p)|^2 = 4 m'^2 (P^2 - m'^2), checked by `explicit_reference`
    reference = _two_body(big, Real(0), ref, 4 * ref**2 * (big**2 - ref**2))

    def amplitudes(e: Event, eps: np.ndarray) -> Iterator[list[list[Chain]]]:
        yield meson_amplitudes(e, small, eps)

    return Decay(big, small, Real(0), Real(mass), amplitudes, MESON_COUPLINGS, reference)


def w_decay(parent: float, m: float, mass: float) -> Decay:
    """W+ -> l+ nu V over W+ -> l+ nu."""
    big, small = Real(parent), Real(m)
    # sum over spins: 8 [2 (P.k)(P.p)/MW^2 + p.k], P.k = p.k = (MW^2 - m^2)/2, P.p = (MW^2 + m^2)/2
    product = (big**2 - small**2) / 2
    squared = 8 * product * ((big**2 + small**2) / big**2 + 1)
    reference = _two_body(big, Real(0), small, squared)

    def amplitudes(e: Event, eps: np.ndarray) -> Iterator[list[list[Chain]]]:
        for eps_w in polarisations(e.p + e.k + e.q, big):
            yield w_amplitudes(e, small, eps, eps_w)

    return Decay(big, small, Real(0), Real(mass), amplitudes, W_COUPLINGS, reference)


def z_decay(parent: float, m: float, mass: float, sw2: float) -> Decay:
    """Z -> l- l+ V over Z -> l- l+, Z couplings cL = -1/2 + sw2, cR = sw2 (common factor left out)."""
    big, small, c_right = Real(parent), Real(m), Real(sw2)
    c_left = c_right - Real(1) / 2
    squared = 2 * (c_left**2 + c_right**2) * (big**2 - small**2) + 12 * small**2 * c_left * c_right
    reference = _two_body(big, small, small, squared)

    def amplitudes(e: Event, eps: np.ndarray) -> Iterator[list[list[Chain]]]:
        for eps_z in polarisations(e.p + e.k + e.q, big):
            yield z_amplitudes(e, small, eps, eps_z, c_left * LEFT + c_right * RIGHT)

    return Decay(big, small, small, Real(mass), amplitudes, Z_COUPLINGS, reference)


def _two_body(parent: Real, one: Real, two: Real, squared: Real) -> Real:
    product = (parent - one - two) * (parent + one + two) * (parent - one + two) * (parent + one - two)
    return np.sqrt(product) / (2 * parent) * squared / (8 * PI * parent**2)


# --- phase space: pair (a V) at rest, third particle c; outer variable (a+V)^2, inner variable (c+V)^2


@cache
def _gauss(order: int, panels: int) -> tuple[np.ndarray, np.ndarray]:
    """Composite Gauss-Legendre rule on (0, 1), nodes polished in extended precision."""
    x = np.polynomial.legendre.leggauss(order)[0].astype(Real)
    for _ in range(2):
        value, previous = _legendre(order, x)
        slope = order * (x * value - previous) / (x * x - 1)
        x = x - value / slope
    value, previous = _legendre(order, x)
    slope = order * (x * value - previous) / (x * x - 1)
    w = 2 / ((1 - x * x) * slope * slope)
    nodes = np.concatenate([(x + 1) / 2 + k for k in range(panels)]) / panels
    return nodes, np.tile(w / 2, panels) / panels


def _legendre(order: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    previous, value = np.ones_like(x), x
    for n in range(1, order):
        previous, value = value, ((2 * n + 1) * x * value - n * previous) / (n + 1)
    return value, previous


def _arcosh(excess: Real) -> Real:
    """arcosh(1 + excess)."""
    return np.log1p(excess + np.sqrt(excess * (2 + excess)))


@dataclass(frozen=True)
class Pair:
    """Kinematics of the pair (a V) with mass^2 = w and the third particle c."""

    parent: Real
    m_a: Real
    m_c: Real
    mass: Real

    @property
    def limits(self) -> tuple[Real, Real]:
        return (self.m_a + self.mass) ** 2, (self.parent - self.m_c) ** 2

    def outer(self, low: Real, high: Real, order: int, panels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nodes as distances from the lower and the upper limit of w, and weights.

        Lower half: rapidity between a and V (w - M^2 on a logarithmic scale for a massless a); upper half: rapidity of
        c in the parent frame (distance from the end on a logarithmic scale for a massless c).
        """
        start, end = self.limits
        middle = min(max((start + end) / 2, low), high)
        x, weight = _gauss(order, panels)
        parts = []
        for a, b in ((low, middle), (middle, high)):
            if not b > a:
                continue
            if b <= middle:
                scale = 2 * self.m_a * self.mass if self.m_a > 0 else self.mass**2
                f, inverse = _scales(self.m_a > 0)
                first, last = inverse((a - start) / scale), inverse((b - start) / scale)
                value, slope = f(first + (last - first) * x)
                above = scale * value
                parts.append((above, (end - start) - above, scale * slope * (last - first) * weight))
            else:
                scale = 2 * self.parent * self.m_c if self.m_c > 0 else self.mass**2
                f, inverse = _scales(self.m_c > 0)
                first, last = inverse((end - b) / scale), inverse((end - a) / scale)
                value, slope = f(first + (last - first) * x)
                below = scale * value
                parts.append(((end - start) - below, below, scale * slope * (last - first) * weight))
        above, below, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
        return above, below, weights

    def events(
        self, above: np.ndarray, below: np.ndarray, order: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Momenta a, c, V, poles of a and c, and inner weights, all with shape (outer, inner, ...)."""
        start = self.limits[0]
        above, below = above[:, None], below[:, None]
        w = start + above
        root = np.sqrt(w)
        momentum = np.sqrt(above * (above + 4 * self.m_a * self.mass)) / (2 * root)
        energy_q = (w + (self.mass - self.m_a) * (self.mass + self.m_a)) / (2 * root)
        energy_a = (w - (self.mass - self.m_a) * (self.mass + self.m_a)) / (2 * root)
        # P^2 - w - m_c^2 = below + 2 m_c (P - m_c)
        energy_c = (below + 2 * self.m_c * (self.parent - self.m_c)) / (2 * root)
        momentum_c = np.sqrt(below * (below + 4 * self.parent * self.m_c)) / (2 * root)
        # 2 c.V between its ends; the lower one without cancellation
        product, span = energy_c * energy_q, 4 * momentum_c * momentum
        least = 2 * (energy_c**2 * self.mass**2 + self.m_c**2 * momentum**2) / (product + momentum_c * momentum)
        pole_low = self.mass**2 + least
        length = np.log1p(span / pole_low)
        x, weight = _gauss(order, 1)
        pole_c = pole_low * np.exp(length * x)
        inner = pole_c * length * weight
        from_low = pole_low * np.expm1(length * x)
        from_high = span - from_low
        cosine = 1 - 2 * from_low / span
        sine = 2 * np.sqrt(from_low * from_high) / span
        zero = np.zeros_like(cosine)
        momenta_a = np.stack([zero + energy_a, zero, zero, zero - momentum], axis=-1)
        momenta_q = np.stack([zero + energy_q, zero, zero, zero + momentum], axis=-1)
        momenta_c = np.stack([zero + energy_c, momentum_c * sine, zero, momentum_c * cosine], axis=-1)
        pole_a = zero + above + (start - self.m_a**2)
        return momenta_a, momenta_c, momenta_q, pole_a, pole_c, inner


def _scales(massive: bool) -> tuple[Callable, Callable]:
    """The map from the rapidity (or logarithm) to the scaled distance with its slope, and the inverse."""
    if massive:
        return (lambda y: (2 * np.sinh(y / 2) ** 2, np.sinh(y))), _arcosh
    return (lambda y: (np.expm1(y), np.exp(y))), np.log1p


def ratio_matrix(
    decay: Decay, kinetic: tuple[float, float] | None = None, order: int = 24, panels: int = 2, inner: int = 40
) -> np.ndarray:
    """I_ij with Gamma(with V)/Gamma(without) = sum_ij c_i c_j I_ij (symmetric, both i, j and j, i in the sum).

    `kinetic`: window of the kinetic energy of l+ in the parent frame (GeV); then the outer variable is (k+q)^2, in
    which the window is an interval.
    """
    size = len(decay.couplings)
    if decay.m + decay.m_k + decay.mass >= decay.parent:
        return np.zeros((size, size), dtype=Real)
    swapped = kinetic is not None
    masses = (decay.m_k, decay.m) if swapped else (decay.m, decay.m_k)
    pair = Pair(decay.parent, *masses, decay.mass)
    low, high = pair.limits
    if kinetic is not None:
        # (k+q)^2 = (P - m)^2 - 2 P T
        lower_t, upper_t = (Real(t) for t in kinetic)
        high, low = min(high, high - 2 * decay.parent * lower_t), max(low, high - 2 * decay.parent * upper_t)
        if not high > low:
            return np.zeros((size, size), dtype=Real)
    above, below, weights = pair.outer(low, high, order, panels)
    a, c, q, pole_a, pole_c, inner_weights = (
        x.reshape(-1, 4) if x.ndim == 3 else x.reshape(-1) for x in pair.events(above, below, inner)
    )
    event = Event(c, a, q, pole_c, pole_a) if swapped else Event(a, c, q, pole_a, pole_c)
    weight = (weights[:, None] * inner_weights.reshape(len(weights), -1)).reshape(-1)
    integral = np.einsum("n,nij->ij", weight, decay.squared(event))
    return integral / (256 * PI**3 * decay.parent**3) / decay.reference


def combine(matrix: np.ndarray, names: tuple[str, ...], couplings: dict[str, float]) -> float:
    """c^T I c, in extended precision: the 1/M^2 of the entries cancels for a conserved current."""
    c = np.array([couplings.get(name, 0.0) for name in names], dtype=Real)
    return float(np.einsum("i,ij,j->", c, matrix, c))


def meson_ratio(
    parent: float,
    m_lepton: float,
    m_lepton_ref: float,
    mass: float,
    couplings: dict[str, float],
    kinetic: tuple[float, float] | None = None,
) -> float:
    """Gamma(P -> l nu V)/Gamma(P -> l' nu)."""
    return combine(ratio_matrix(meson_decay(parent, m_lepton, m_lepton_ref, mass), kinetic), MESON_COUPLINGS, couplings)


def w_ratio(parent: float, mass: float, m_lepton: float, couplings: dict[str, float]) -> float:
    """Gamma(W -> l nu V)/Gamma(W -> l nu)."""
    return combine(ratio_matrix(w_decay(parent, m_lepton, mass)), W_COUPLINGS, couplings)


def z_ratio(parent: float, mass: float, m_lepton: float, sw2: float, left: float, right: float) -> float:
    """Gamma(Z -> l l V)/Gamma(Z -> l l)."""
    return combine(ratio_matrix(z_decay(parent, m_lepton, mass, sw2)), Z_COUPLINGS, {"gL": left, "gR": right})


# --- Monte Carlo: two successive two-body decays, momenta by boosts and rotations


def monte_carlo(decay: Decay, events: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Weighted events (n, couplings, couplings) with mean I_ij, and the kinetic energies (n,) of l+.

    The mass of the pair (k V) is drawn uniformly, then both decays isotropically in their rest frames; the pair is
    boosted to the rest frame of the parent. Momenta are finally rotated to the x-z plane, which changes nothing.
    """
    rng = np.random.default_rng(seed)
    pair_low, pair_high = decay.m_k + decay.mass, decay.parent - decay.m
    pair = pair_low + (pair_high - pair_low) * rng.random(events).astype(Real)
    outer = _momentum(decay.parent, decay.m, pair)
    inner = _momentum(pair, decay.m_k, decay.mass)
    cosine = (2 * rng.random(events) - 1).astype(Real)
    sine = np.sqrt(1 - cosine**2)
    gamma, gamma_beta = np.sqrt(pair**2 + outer**2) / pair, outer / pair
    energy_k, energy_q = np.sqrt(decay.m_k**2 + inner**2), np.sqrt(decay.mass**2 + inner**2)
    zero = np.zeros(events, dtype=Real)

    def boosted(energy: np.ndarray, sign: int) -> np.ndarray:
        along = sign * inner * cosine
        columns = [gamma * energy + gamma_beta * along, sign * inner * sine, zero, gamma * along + gamma_beta * energy]
        return np.stack(columns, axis=-1)

    k, q = boosted(energy_k, 1), boosted(energy_q, -1)
    p = np.stack([np.sqrt(decay.m**2 + outer**2), zero, zero, -outer], axis=-1)
    # dPhi3 = dPhi2(P; p, pair) dw/(2 pi) dPhi2(pair; k, q), dPhi2 = |p|/(4 pi sqrt(s)) after the angles
    density = outer / (4 * PI * decay.parent) * inner / (4 * PI * pair) * 2 * pair / (2 * PI) * (pair_high - pair_low)
    # the poles as products of momenta: another way than the quadrature's
    poles = [decay.mass**2 + 2 * dot(x, q) for x in (p, k)]
    weight = density / (2 * decay.parent) / decay.reference
    values = decay.squared(Event(p, k, q, *poles)) * weight[:, None, None]
    return np.asarray(values, dtype=float), np.asarray(p[:, 0] - decay.m, dtype=float)


def _momentum(parent: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    product = (parent - one - two) * (parent + one + two) * (parent - one + two) * (parent + one - two)
    return np.sqrt(np.maximum(product, 0)) / (2 * parent)


def explicit_reference(kind: str, parent: float, m: float, sw2: float = 0.0) -> float:
    """The two-body width by explicit states, as `Decay.reference` (no average over the parent's polarisations)."""
    big, small = Real(parent), Real(m)
    m_k = small if kind == "z" else Real(0)
    size = _momentum(big, small, m_k)
    p = np.array([[np.sqrt(small**2 + size**2), 0, 0, -size]], dtype=Real)
    k = np.array([[np.sqrt(m_k**2 + size**2), 0, 0, size]], dtype=Real)
    chiral = (Real(sw2) - Real(1) / 2) * LEFT + Real(sw2) * RIGHT if kind == "z" else 2 * LEFT
    vectors = [p + k] if kind == "meson" else polarisations(p + k, big)
    squared = Real(0)
    for vector in vectors:
        for ket in antiparticle(p, small):
            for bra in particle(k, m_k):
                amplitude = np.einsum("na,na->n", bra, apply(slash(vector) @ chiral, ket))
                squared += float(np.abs(amplitude[0]) ** 2)
    return float(_two_body(big, m_k, small, squared))
