"""Samples: against the integral of the posterior, their file, their diagnostics, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from zdscan.analysis import sample
from zdscan.analysis.fits.posterior import Posterior
from zdscan.analysis.fits.samplereport import show_samples
from zdscan.analysis.fits.sampling import Options, Samples, check_output, r_hat
from zdscan.errors import UserError
from zdscan.scan.scanfile import Scan

needs_emcee = pytest.mark.skipif(importlib.util.find_spec("emcee") is None, reason="the extra sample is not installed")


@pytest.fixture
def made() -> Samples:
    """Samples made up: two parameters, one of them free."""
    rng = np.random.default_rng(2)
    drawn = rng.normal(size=(4, 500))
    return Samples(
        parameters={"mass": np.full(drawn.shape, 0.02), "g_mu": drawn},
        log_posterior=-0.5 * drawn**2,
        accepted=np.full(4, 0.4),
        autocorrelation={"g_mu": 1.0},
        r_hat={"g_mu": r_hat(drawn)},
        priors={"g_mu": "flat in the value from -9 to 9"},
        about={"source": "x.toml", "case": "C", "theory": "paper", "statistic": "rows", "draws": 500},
        text="format = 2",
        overrides=(),
    )


@needs_emcee
def test_against_the_integral_of_the_posterior(line_scan: Scan, tmp_path: Path) -> None:
    """One parameter: mean and spread of its coordinate by the trapezoidal rule."""
    path = tmp_path / "chain.h5"
    found = sample(line_scan, path, draws=150, burn_in=50, walkers=12, seed=3)
    posterior = Posterior(line_scan, "rows")
    (scale,) = posterior.scales
    grid = np.linspace(*scale.coordinate(np.array([-6e-4, -1e-4])), 601)
    density = np.exp(posterior(grid[:, None]) - found.log_posterior.max())
    density /= density.sum()
    mean = float(grid @ density)
    spread = math.sqrt(float((grid - mean) ** 2 @ density))
    drawn = scale.coordinate(found.parameters["eps_z"])
    error = spread / math.sqrt(found.independent)  # of a mean; the error of a spread is less
    assert abs(drawn.mean() - mean) < 4.5 * error
    assert abs(drawn.std() - spread) < 4.5 * error
    again = sample(line_scan, draws=150, burn_in=50, walkers=12, seed=3)
    np.testing.assert_array_equal(again.log_posterior, found.log_posterior)
    stored = xarray.open_dataset(path, group="posterior", engine="h5netcdf")
    np.testing.assert_array_equal(stored.eps_z, found.parameters["eps_z"])


def test_the_file_has_the_groups_of_arviz(made: Samples, tmp_path: Path) -> None:
    path = tmp_path / "chain.h5"
    made.write(path)
    with h5py.File(path) as file:
        assert set(file) == {"posterior", "sample_stats"}
        assert file.attrs["scan"] == "format = 2"
        assert file["posterior/g_mu"].attrs["prior"].startswith("flat in the value")
    posterior, stats = (xarray.open_dataset(path, group=g, engine="h5netcdf") for g in ("posterior", "sample_stats"))
    assert posterior.g_mu.dims == ("chain", "draw")
    np.testing.assert_array_equal(posterior.g_mu, made.parameters["g_mu"])
    np.testing.assert_array_equal(stats.chi2, made.chi2)
    with pytest.raises(UserError, match="exists: replace it with --overwrite"):
        made.write(path)
    made.write(path, overwrite=True)
    assert [item.name for item in tmp_path.iterdir()] == ["chain.h5"]


def test_outputs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    for path, sentence in (
        (other, "is not a file of samples"),
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "x.h5", "does not exist"),
    ):
        with pytest.raises(UserError, match=sentence):
            check_output(path, overwrite=True)


def test_r_hat() -> None:
    """Halves with means 0 and d and variance v: (v (n - 1)/n + d^2/2 ...)/v in closed form."""
    half = np.array([-1.0, 1.0] * 10)
    n, variance = len(half), half.var(ddof=1)
    assert r_hat(np.array([np.tile(half, 2)] * 3)) == pytest.approx(math.sqrt((n - 1) / n))
    apart = np.array([np.tile(half, 2), np.tile(half, 2) + 3.0])
    between = np.var([0.0, 0.0, 3.0, 3.0], ddof=1)
    assert r_hat(apart) == pytest.approx(math.sqrt((variance * (n - 1) / n + between) / variance))
    assert math.isnan(r_hat(np.zeros((2, 8))))


def test_report_and_warnings(made: Samples, capsys: pytest.CaptureFixture[str]) -> None:
    show_samples(made)
    told = capsys.readouterr().out
    assert "4 walkers of 500 draws" in told
    assert not made.warnings
    json.dumps(made.to_dict(), allow_nan=False)
    rough = Samples(**{**vars(made), "autocorrelation": {"g_mu": 30.0}, "r_hat": {"g_mu": 1.4}})
    assert len(rough.warnings) == 2
    assert "shorter than 50 autocorrelation times" in rough.warnings[0]
    assert "R-hat of g_mu is 1.400" in rough.warnings[1]
    few = Samples(**{**vars(made), "autocorrelation": {"g_mu": math.nan}, "r_hat": {"g_mu": math.nan}})
    show_samples(few)
    assert "nan" not in capsys.readouterr().out
    json.dumps(few.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"walkers": 3}, "walkers must be a whole number from 4"),
        ({"walkers": 7}, "walkers must be even"),
        ({"draws": 0}, "draws must be a whole number from 4"),
        ({"thin": True}, "thin must be a whole number"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Options(**options).check(1)


def test_without_emcee_there_is_a_sentence(line_scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "emcee", None)
    with pytest.raises(UserError, match=r"pip install 'zdscan\[sample\]'"):
        sample(line_scan)
