"""The posterior density: scales there and back, values of points, starts."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import zdscan
from zdscan.analysis.fits.posterior import Posterior, Scale
from zdscan.errors import UserError
from zdscan.scan.axes import spaced
from zdscan.scan.scanfile import Scan, parse_scan


@pytest.mark.parametrize(
    ("axis", "kind"),
    [
        (np.linspace(-1.0, 2.0, 7), "linear"),
        (np.geomspace(1e-5, 1.0, 9), "log"),
        (-np.geomspace(1e-5, 1.0, 9)[::-1], "log"),
        (spaced(-1e-1, 1e-2, 41, "symlog", 1e-6), "symlog"),
    ],
)
def test_scales(axis: np.ndarray, kind: str) -> None:
    scale = Scale.of("g_mu", axis)
    assert scale.kind == kind
    np.testing.assert_allclose(scale.value(scale.coordinate(axis)), axis, rtol=1e-12, atol=1e-20)
    steps = np.diff(scale.coordinate(axis))
    assert steps.min() > 0.0
    if kind != "symlog":  # whose two sides have steps of nearly one length
        np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    assert f"{axis[0]:.6g}" in scale.words


def test_values_are_those_of_points(line_scan: Scan) -> None:
    posterior = Posterior(line_scan, "total")
    (scale,) = posterior.scales
    couplings = np.array([-3e-4, 1e-5])
    points = scale.coordinate(couplings)[:, None]
    outside = np.array([[scale.ends[1] + 1e-6]])
    found = posterior(np.concatenate([points, outside]))
    settings = {"theory": "paper", "measurements": "rashed2024-corrected", "limits": "rashed2024"}
    point = zdscan.evaluate("C", 0.0302, 0.0, couplings, 0.033, constraints=["bs_mumu", "a_mu"], **settings)
    total = point.chi2["total"] - point.chi2["sm_constraints"]
    np.testing.assert_allclose(found, [*(-0.5 * total), -np.inf], rtol=1e-9)
    assert posterior.values(points)["mass"].tolist() == [0.0302, 0.0302]
    again = pickle.loads(pickle.dumps(posterior))
    np.testing.assert_array_equal(again(points), found[:2])


def test_walkers_begin_where_the_posterior_is(line_scan: Scan) -> None:
    posterior = Posterior(line_scan, "rows")
    starts = posterior.starts(200, np.random.default_rng(1))
    values = posterior.values(starts)["eps_z"]
    assert np.mean(np.abs(values + 3e-4) < 2e-4) > 0.95  # the best fit is -3.0e-4 +- 0.45e-4


def test_nothing_to_sample_is_refused(line_scan: Scan) -> None:
    one = parse_scan(line_scan.text, overrides=["axes.eps_z={ values = [1e-4] }"])
    with pytest.raises(UserError, match="every axis has one value"):
        Posterior(one, "rows")
