"""Three-body emission of a vector: explicit amplitudes, their Ward identities and limits, and the kernels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.support.thinning import only
from tests.support.tolerances import THREE_BODY
from tests.support.verdicts import published
from tests.twins import three_body as twin
from tests.twins.inputs import CHARGE, GZ, MW, SW2
from zdscan.kernels.physics import electroweak, meson_leptonic

pytestmark = pytest.mark.skipif(np.finfo(np.longdouble).eps > 2e-19, reason="the twin needs extended precision")

M_K, M_PI, M_MU, M_E, MZ = 0.493677, 0.13957039, 0.1056583755, 0.51099895e-3, 91.1876
BR_K_MU = 0.6356
COARSE = {"order": 16, "panels": 2, "inner": 24}

DECAYS = {
    "K->mu": (M_K, M_MU),
    "pi->mu": (M_PI, M_MU),
    "K->e": (M_K, M_E),
    "pi->e": (M_PI, M_E),
    "W->mu": (MW, M_MU),
    "W->e": (MW, M_E),
    "Z->mumu": (MZ, M_MU),
}


def decay(channel: str, mass: float) -> twin.Decay:
    parent, lepton = DECAYS[channel]
    if channel[0] == "W":
        return twin.w_decay(parent, lepton, mass)
    if channel[0] == "Z":
        return twin.z_decay(parent, lepton, mass, SW2)
    return twin.meson_decay(parent, lepton, M_MU, mass)


@cache
def extended(channel: str, mass: float, kinetic: tuple[float, float] | None = None) -> np.ndarray:
    # W and Z: many decades between the lepton mass and the end of the spectrum
    grid = {} if channel[0] in "WZ" else COARSE
    return twin.ratio_matrix(decay(channel, mass), kinetic, **grid)


def matrix(channel: str, mass: float, kinetic: tuple[float, float] | None = None) -> np.ndarray:
    return np.asarray(extended(channel, mass, kinetic), dtype=float)


def ratio(channel: str, mass: float, **couplings: float) -> float:
    return twin.combine(extended(channel, mass), decay(channel, mass).couplings, couplings)


def random_event(d: twin.Decay, seed: int = 3) -> twin.Event:
    """A few events all over the Dalitz plot."""
    pair = twin.Pair(d.parent, d.m, d.m_k, d.mass)
    low, high = pair.limits
    above = (high - low) * np.random.default_rng(seed).uniform(0.02, 0.98, 5).astype(twin.Real)
    a, c, q, pole_a, pole_c, _ = pair.events(above, (high - low) - above, 4)
    return twin.Event(a.reshape(-1, 4), c.reshape(-1, 4), q.reshape(-1, 4), pole_a.reshape(-1), pole_c.reshape(-1))


# --- the twin itself


@pytest.mark.parametrize("channel", ["K->mu", "W->mu", "Z->mumu"])
def test_states_of_the_twin_are_complete(channel: str) -> None:
    d = decay(channel, 0.1)
    e = random_event(d)
    for p, mass, states, sign in ((e.p, d.m, twin.antiparticle, -1), (e.k, d.m_k, twin.particle, 1)):
        if sign > 0:  # ubar: undo the bar
            kets = [np.einsum("ab,nb->na", twin.GAMMA[0], bra.conj()) for bra in states(p, mass)]
        else:
            kets = states(p, mass)
        total = sum(np.einsum("na,nb,bc->nac", ket, ket.conj(), twin.GAMMA[0]) for ket in kets)
        assert np.allclose(total, twin.slash(p) + sign * mass * twin.ONE, rtol=0, atol=1e-15 * float(p.max()))
    for q, mass in ((e.q, d.mass), (e.p + e.k + e.q, d.parent)):
        total = sum(np.einsum("nm,nr->nmr", x, x) for x in twin.polarisations(q, mass))
        exact = np.einsum("nm,nr->nmr", q, q) / mass**2 - np.diag(twin.METRIC)
        assert np.allclose(total, exact, rtol=0, atol=1e-15 * float((q**2).max() / mass**2))
    # momenta: on shell, conserved, and the denominators handed over belong to them
    assert np.allclose(twin.dot(e.q, e.q), d.mass**2, rtol=0, atol=1e-15 * float((e.q**2).max()))
    total = e.p + e.k + e.q
    assert np.allclose(twin.dot(total, total), d.parent**2, rtol=1e-14, atol=0)
    for p, mass, pole in ((e.p, d.m, e.lepton_pole), (e.k, d.m_k, e.other_pole)):
        assert np.allclose(
            twin.dot(p + e.q, p + e.q) - mass**2, pole, rtol=0, atol=1e-15 * float((e.p + e.q).max() ** 2)
        )


@pytest.mark.parametrize(("kind", "channel"), [("meson", "K->mu"), ("w", "W->mu"), ("z", "Z->mumu")])
def test_two_body_reference(kind: str, channel: str) -> None:
    explicit = twin.explicit_reference(kind, *DECAYS[channel], SW2)
    assert float(decay(channel, 0.1).reference) == pytest.approx(explicit, rel=1e-13)


CONSERVED = {
    "K->mu": {"gL": 0.7, "gR": 0.7, "gn": -0.4, "gf": -1.1, "gC": -1.1},
    "pi->mu": {"gL": -CHARGE, "gR": -CHARGE, "gf": CHARGE, "gC": CHARGE},
    "K->e": {"gL": 1.0, "gR": 1.0, "gn": 1.0},
    "W->mu": {"gL": 0.7, "gR": 0.7, "gn": -0.4, "gW": -1.1},
    "Z->mumu": {"gL": 0.7, "gR": 0.7},
}


@pytest.mark.parametrize("channel", list(CONSERVED))
def test_ward_identity(channel: str) -> None:
    """eps -> q gives zero for equal chiralities and charges that add up, and not for any one coupling changed."""
    for mass in (0.01, 0.02):
        d = decay(channel, mass)
        e = random_event(d)
        couplings = CONSERVED[channel]
        total, largest = d.divergence(e, couplings)
        assert total < 1e-12 * largest
        for name in d.couplings:
            changed, largest = d.divergence(e, couplings | {name: couplings.get(name, 0.0) + 1.0})
            assert changed > 1e-6 * largest, name


@pytest.mark.parametrize(
    ("channel", "mass"),
    only([("K->mu", 0.1), ("K->e", 0.1), ("pi->mu", 0.01)], [("W->mu", 1.0), ("Z->mumu", 1.0)]),
)
def test_quadrature_against_monte_carlo(channel: str, mass: float) -> None:
    sample, kinetic = twin.monte_carlo(decay(channel, mass), 3000, 11)
    compatible(sample, matrix(channel, mass))
    if channel == "pi->mu":
        compatible(sample * (kinetic > 0.0012)[:, None, None], matrix(channel, mass, (0.0012, 1.0)))


def compatible(sample: np.ndarray, exact: np.ndarray) -> None:
    """Every diagonal element, and one generic combination that has all of them."""
    for names in (*np.eye(len(exact)), 1.0 - 0.3 * np.arange(len(exact))):
        values = np.einsum("nij,i,j->n", sample, names, names)
        error = values.std() / np.sqrt(len(values))
        assert error < 0.15 * values.mean()
        assert abs(values.mean() - names @ exact @ names) < 3 * error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channel", "mass"),
    [
        ("K->mu", 0.01),
        ("K->mu", 0.3),
        ("K->e", 0.3),
        ("pi->mu", 0.02),
        ("pi->e", 0.05),
        ("W->mu", 0.3),
        ("Z->mumu", 0.3),
    ],
)
def test_quadrature_against_more_monte_carlo(channel: str, mass: float) -> None:
    compatible(twin.monte_carlo(decay(channel, mass), 30000, 5)[0], matrix(channel, mass))


CONVERGENCE = only(
    [("K->mu", 0.01), ("K->e", 0.01), ("pi->mu", 0.01)], [("W->mu", 0.01), ("Z->mumu", 0.01), ("Z->mumu", 1.0)]
)


@pytest.mark.parametrize(("channel", "mass"), CONVERGENCE)
def test_either_order_of_integration(channel: str, mass: float) -> None:
    """(p+q)^2 and (k+q)^2 as outer variables: other points, other maps."""
    exact = matrix(channel, mass)
    assert matrix(channel, mass, (0.0, DECAYS[channel][0])) == pytest.approx(exact, rel=1e-8, abs=1e-10 * exact.max())


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "mass"), CONVERGENCE)
def test_quadrature_has_converged(channel: str, mass: float) -> None:
    fine = np.asarray(twin.ratio_matrix(decay(channel, mass), None, 32, 3, 60), dtype=float)
    assert matrix(channel, mass) == pytest.approx(fine, rel=1e-9, abs=1e-11 * fine.max())


def test_windows_add_up() -> None:
    for channel, cut, mass in (("pi->mu", 0.0012, 0.01), ("K->mu", 0.05, 0.1)):
        parts = [matrix(channel, mass, window) for window in ((0.0, cut), (cut, 1.0))]
        assert sum(parts) == pytest.approx(matrix(channel, mass), rel=1e-11)
        assert parts[0][0, 0] > 0 < parts[1][0, 0]


# --- known limits and numbers


def test_longitudinal_growth() -> None:
    """Light V and massless lepton: (gn-gL-gC)^2 mP^8/[384 pi^2 M^2 m'^2 (mP^2-m'^2)^2], a Goldstone boson's decay."""
    couplings = {"gL": 0.3, "gR": -0.2, "gn": 1.1, "gf": 0.4, "gC": -0.5}
    mass = 0.0005
    unit = M_K**8 / (384 * np.pi**2 * mass**2 * M_MU**2 * (M_K**2 - M_MU**2) ** 2)
    value = twin.meson_ratio(M_K, 1e-5, M_MU, mass, couplings)
    assert value == pytest.approx((1.1 - 0.3 + 0.5) ** 2 * unit, rel=2e-4)
    unit = 3 * MW**2 / (256 * np.pi**2 * 0.01**2)
    assert ratio("W->mu", 0.01, gL=0.4, gR=0.4, gn=-0.3) == pytest.approx(0.49 * unit, rel=1e-3)


def test_vector_and_axial_muon_anchors() -> None:
    """BR(K+ -> mu+ nu V) per unit coupling, vector and axial; printed with four digits."""
    printed = [
        (0.01, 9.19, 9.325),
        (0.05, 0.327, 0.3837),
        (0.1, 0.06266, 0.08763),
        (0.2, 0.005596, 0.009722),
        (0.3, 0.000228, 0.0004609),
        (0.37, 6.12e-7, 1.404e-6),
    ]
    for mass, vector, axial in printed:
        assert BR_K_MU * ratio("K->mu", mass, gL=1, gR=1) == pytest.approx(vector, rel=1.5e-3)
        assert BR_K_MU * ratio("K->mu", mass, gL=1, gR=-1) == pytest.approx(axial, rel=5e-4)
    for mass, conserved in ((0.02, 0.1355), (0.05, 0.0553), (0.1, 0.01803), (0.2, 0.001937), (0.35, 2.85e-6)):
        value = BR_K_MU * ratio("K->mu", mass, gL=1, gR=1, gn=1)
        assert value == pytest.approx(conserved, rel=1e-3)
    for mass, value in ((0.145, 0.020711), (0.15, 0.018423), (0.2, 0.0055959)):
        assert BR_K_MU * ratio("K->mu", mass, gL=1, gR=1) == pytest.approx(value, rel=3e-5)


def test_pion_and_kinetic_energy_anchors() -> None:
    """R(pi -> mu nu V)/g^2 and the fraction above 1.2 MeV."""
    printed = [
        (0.001, 2.819, 0.811),
        (0.005, 0.07889, 0.77),
        (0.01, 0.009853, 0.71),
        (0.02, 0.0002733, 0.497),
        (0.026, 1.554e-05, 0.115),
        (0.028, 4.04e-06, 0.0036),
        (0.03, 6.6e-07, 0.0),
        (0.0335, 1.06e-10, 0.0),
    ]
    for mass, total, fraction in printed:
        value = ratio("pi->mu", mass, gL=1, gR=1)
        assert value == pytest.approx(total, rel=1e-3)
        above = twin.combine(matrix("pi->mu", mass, (0.0012, 1.0)), twin.MESON_COUPLINGS, {"gL": 1, "gR": 1})
        assert above / value == pytest.approx(fraction, abs=6e-4)


def test_z_anchors() -> None:
    """Z -> mu mu V at 10 MeV: LL, RR, LR = 9.2128, 8.7184, -14.7208."""
    m = matrix("Z->mumu", 0.01)
    assert (m[0, 0], m[1, 1], 2 * m[0, 1]) == pytest.approx((9.2128, 8.7184, -14.7208), rel=1e-5)


KINETIC = {"gL": -CHARGE, "gR": -CHARGE}
MASS_MIXING = {"gL": GZ * (SW2 - 0.5), "gR": GZ * SW2}


@pytest.mark.parametrize(
    ("channel", "mass", "suppression"),
    only(
        [("K->mu", 0.01, 238), ("pi->mu", 0.03, 4.2), ("K->e", 0.01, 3.0e6), ("W->mu", 0.01, 5.6e4)],
        [("K->mu", 0.002, 3200), ("K->mu", 0.2, 16), ("pi->mu", 0.002, 430), ("W->mu", 0.03, 8.0e3)],
    ),
)
def test_kinetic_mixing_is_suppressed_when_everything_emits(channel: str, mass: float, suppression: float) -> None:
    charges = {"gW": CHARGE} if channel[0] == "W" else {"gf": CHARGE, "gC": CHARGE}
    assert ratio(channel, mass, **KINETIC) / ratio(channel, mass, **KINETIC, **charges) == pytest.approx(
        suppression, rel=0.03
    )


def test_completion_of_the_mass_mixing() -> None:
    complete = MASS_MIXING | {"gn": GZ / 2, "gf": GZ * (0.5 - SW2), "gC": -GZ * SW2}
    for channel, mass, over_lepton, over_neutrino in (("K->mu", 0.01, 10.9, 1.44), ("pi->mu", 0.01, 6.6, 0.99)):
        full = ratio(channel, mass, **complete)
        assert full / ratio(channel, mass, **MASS_MIXING) == pytest.approx(over_lepton, rel=0.01)
        assert full / ratio(channel, mass, **MASS_MIXING, gn=GZ / 2) == pytest.approx(over_neutrino, rel=0.01)
    in_units = [
        ratio("W->mu", 0.01, **MASS_MIXING, **extra) / GZ**2
        for extra in ({}, {"gn": GZ / 2}, {"gn": GZ / 2, "gW": GZ * (1 - SW2)})
    ]
    assert in_units == pytest.approx([5.54e3, 4.53e4, 1.41], rel=5e-3)
    assert ratio("W->mu", 0.01, gL=-1, gR=-1, gW=1) == pytest.approx(1.37, rel=3e-3)


def test_threshold() -> None:
    for channel, threshold in (("K->mu", M_K - M_MU), ("pi->mu", M_PI - M_MU), ("K->e", M_K - M_E)):
        assert not matrix(channel, threshold + 1e-12).any()
        assert 0 < ratio(channel, threshold - 1e-6, gL=1, gR=1) < 1e-15


# --- the kernels

ENDS = {"K->mu": M_K - M_MU, "pi->mu": M_PI - M_MU, "K->e": M_K - M_E, "pi->e": M_PI - M_E}
COMPARED = only(
    [
        *(("K->mu", m) for m in (0.01, 0.385)),
        *(("pi->mu", m) for m in (0.01, 0.0338)),
        *(("K->e", m) for m in (0.01, 0.49)),
        ("W->mu", 0.01),
    ],
    [("K->mu", 0.1), ("K->mu", 0.3), ("pi->mu", 0.02), ("pi->mu", 0.03), ("K->e", 0.3), ("W->mu", 1.0)],
)
COMPARED_SLOWLY = [
    *((channel, f * end) for channel, end in ENDS.items() for f in np.linspace(0.03, 0.999, 25)),
    *(("K->mu", m) for m in np.geomspace(0.001, 0.01, 5)),
    *(("W->mu", m) for m in np.geomspace(0.002, 20.0, 9)),
]
WINDOWS = only(
    [*(("pi->mu", m, 0.0012) for m in (0.005, 0.028, 0.03)), ("K->mu", 0.1, 0.05), ("K->e", 0.1, 0.12)],
    [*(("pi->mu", m, 0.0012) for m in (0.01, 0.02, 0.026)), ("K->mu", 0.01, 0.003), ("K->mu", 0.3, 0.01)],
)


def kernel_matrix(channel: str, mass: float, kinetic: tuple[float, float] = (0.0, np.inf)) -> np.ndarray:
    parent, lepton = DECAYS[channel]
    if channel[0] == "W":
        return electroweak.w_factors(parent, lepton, mass)
    return meson_leptonic.meson_factors(parent, lepton, M_MU, mass, *kinetic)


def assert_same(value: np.ndarray, exact: np.ndarray) -> None:
    """Every product of couplings, against sqrt(I_ii I_jj): an interference may vanish."""
    size = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert (value == value.T).all()
    assert (np.abs(value - exact) <= THREE_BODY * size).all()


@pytest.mark.parametrize(("channel", "mass"), COMPARED)
def test_kernel_for_each_product_of_couplings(channel: str, mass: float) -> None:
    assert_same(kernel_matrix(channel, mass), matrix(channel, mass))


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "mass"), COMPARED_SLOWLY)
def test_kernel_at_more_masses(channel: str, mass: float) -> None:
    assert_same(kernel_matrix(channel, mass), matrix(channel, mass))
    conserved(channel, mass)


@pytest.mark.parametrize(("channel", "mass", "cut"), WINDOWS)
def test_kernel_in_a_window_of_kinetic_energy(channel: str, mass: float, cut: float) -> None:
    for window in ((0.0, cut), (cut, np.inf)):
        exact = matrix(channel, mass, (window[0], min(window[1], 10.0)))
        assert_same(kernel_matrix(channel, mass, window), exact)
    if channel == "pi->mu" and mass > 0.0285:
        assert not kernel_matrix(channel, mass, (cut, np.inf)).any(), "the spectrum ends below the cut"


@pytest.mark.parametrize(("channel", "mass"), [("K->mu", 0.01), ("pi->mu", 0.01), ("K->e", 0.01), ("W->mu", 0.01)])
def test_kernel_keeps_the_cancellation_of_a_conserved_current(channel: str, mass: float) -> None:
    conserved(channel, mass)


def conserved(channel: str, mass: float) -> None:
    """Up to seven digits of the entries cancel in the rate (helicity suppression of an electron, charge in W decay)."""
    names = twin.W_COUPLINGS if channel[0] == "W" else twin.MESON_COUPLINGS
    kernel = kernel_matrix(channel, mass)
    for name in ("charged parent", "charged neutrino"):
        charge = {"gW": 1.0} if channel[0] == "W" else {"gf": 1.0, "gC": 1.0}
        couplings = {"gL": -1.0, "gR": -1.0} | (charge if name == "charged parent" else {"gn": -1.0})
        c = np.array([couplings.get(n, 0.0) for n in names])
        rounding = 1e-14 * np.abs(np.outer(c, c) * kernel).max()
        assert c @ kernel @ c == pytest.approx(ratio(channel, mass, **couplings), rel=THREE_BODY, abs=rounding)


def z_kernel_matrix(mass: float) -> np.ndarray:
    vv, aa, va = electroweak.z_factors(MZ, M_MU, mass, SW2 - 0.5, SW2)
    return np.array([[vv + aa + va, vv - aa], [vv - aa, vv + aa - va]]) / 4


@pytest.mark.parametrize("mass", [0.01, 1.0])
def test_z_kernel(mass: float) -> None:
    assert_same(z_kernel_matrix(mass), matrix("Z->mumu", mass))


@pytest.mark.slow
@pytest.mark.parametrize("mass", [*np.geomspace(0.002, 50.0, 10), 90.0, 90.9])
def test_z_kernel_at_more_masses(mass: float) -> None:
    assert_same(z_kernel_matrix(mass), matrix("Z->mumu", mass))


def test_kernels_at_and_above_threshold() -> None:
    for channel, end in ENDS.items():
        for mass in (end, end * (1 + 1e-12), 2 * end, 10.0):
            assert np.abs(kernel_matrix(channel, mass)).max() < 1e-40
    for mass in (MW - M_MU + 1e-9, 200.0):
        assert not kernel_matrix("W->mu", mass).any()
    for mass in (MZ - 2 * M_MU + 1e-9, 200.0):
        assert not z_kernel_matrix(mass).any()


# --- the constraints built on them

CASE_POINTS = [
    ("A", 0.01, (2e-3, 5e-4, 0.0)),
    ("A", 0.03, (-1e-3, 1e-3, 0.0)),
    ("B", 0.02, (1e-3, 1e-4, -2e-3)),
    ("C", 0.03, (1e-4, 1e-4, 3e-3)),
]


def muon_couplings(eps: float, eps_z: float, g_mu: float) -> dict[str, float]:
    v = -CHARGE * eps + GZ * eps_z * (SW2 - 0.25) + g_mu
    a = -GZ * eps_z / 4
    return {"gL": v + a, "gR": v - a}


def prediction(name: str, case: str, mass: float, point: tuple[float, float, float], emission: str) -> float:
    # an invisible width that swamps all others makes BR_inv one
    result = published(case, mass, *point, emission=emission, invisible_width=1e6, constraints=(name,))
    (entry,) = result.to_dict()["constraints"]
    return entry["prediction"]


@pytest.mark.parametrize(
    ("case", "mass", "point", "emission"),
    only(
        [(*point, emission) for point, emission in zip(CASE_POINTS, 2 * ("lepton", "complete"), strict=True)],
        [(*point, emission) for point in CASE_POINTS for emission in ("lepton", "complete")],
    ),
)
def test_constraints(case: str, mass: float, point: tuple[float, float, float], emission: str) -> None:
    """Kinetic part: electric charges; mass mixing: T3 - Q sW2; a direct coupling to the muon stays on the muon."""
    eps, eps_z, _ = point
    lepton = muon_couplings(*point)
    meson, boson = dict(lepton), dict(lepton)
    if emission == "complete":
        neutrino = GZ * eps_z / 2
        meson |= {"gn": neutrino, "gf": CHARGE * eps + GZ * eps_z * (0.5 - SW2), "gC": CHARGE * eps - GZ * eps_z * SW2}
        boson |= {"gn": neutrino, "gW": CHARGE * eps + GZ * eps_z * (1 - SW2)}
    exact = BR_K_MU * ratio("K->mu", mass, **meson)
    assert prediction("k_mu_inv", case, mass, point, emission) == pytest.approx(exact, rel=1e-7)
    windows = [extended("pi->mu", mass, w) for w in ((0.0, 0.0012), (0.0012, 1.0))]
    exact = max(twin.combine(w, twin.MESON_COUPLINGS, meson) for w in windows)
    assert prediction("pi_mu_nu_x", case, mass, point, emission) == pytest.approx(exact, rel=1e-7)
    if mass == 0.01 or case == "C":
        exact = 0.2265 * ratio("W->mu", mass, **boson)
        assert prediction("w_width", case, mass, point, emission) == pytest.approx(exact, rel=1e-7)
        exact = 0.08398 * ratio("Z->mumu", mass, **lepton)
        assert prediction("z_4l", case, mass, point, emission) == pytest.approx(exact, rel=1e-5)


def test_kaon_to_electron_pair() -> None:
    """0.6356 R BR_ee above 145 MeV; no electron coupling in case C."""
    point = (1e-3, 2e-4, 1e-3)
    for case in ("B", "C"):
        result = published(case, 0.16, *point, emission="lepton", constraints=("k_mu_nu_ee",))
        (entry,) = result.to_dict()["constraints"]
        share = float(result.widths["ee"] / result.widths["total"])
        assert (share > 0) == (case == "B")
        exact = BR_K_MU * ratio("K->mu", 0.16, **muon_couplings(*point)) * share
        assert entry["prediction"] == pytest.approx(exact, rel=1e-7, abs=1e-30)
