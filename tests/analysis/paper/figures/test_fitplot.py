"""What the figures of fits share."""

from __future__ import annotations

import numpy as np

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.paper.figures import fitplot


def test_valley() -> None:
    evaluator = Evaluator.of("C", theory="paper")
    eps_z = fitplot.valley(evaluator, 0.05, 0.02)
    chi2 = [evaluator.physics.chi2(0.05, 0.0, factor * eps_z, 0.02) for factor in (0.99, 1.0, 1.01)]
    assert chi2[1] < min(chi2[0], chi2[2])
    everywhere = [evaluator.physics.chi2(0.05, 0.0, -z, 0.02) for z in np.geomspace(1e-7, 1e-3, 50)]
    assert chi2[1] <= min(everywhere)
