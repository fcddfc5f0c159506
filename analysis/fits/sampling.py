"""Samples of the posterior by emcee, whether they have converged, and their file. docs/sampling.md.

The file has the layout that ArviZ reads: the groups `posterior` and `sample_stats`, each over chain and draw.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan import __version__
from zdscan.analysis.fits.crew import Crew
from zdscan.analysis.fits.posterior import Posterior
from zdscan.analysis.fits.statistic import ROWS, check
from zdscan.errors import UserError, describe
from zdscan.grid.hdf5 import new_file, open_read
from zdscan.grid.pack import scratch
from zdscan.grid.target import publish, target_of
from zdscan.scan.scanfile import Scan

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]
PROGRAM = "zdscan sample"
LONG_ENOUGH = 50.0  # autocorrelation times of a chain; shorter, the time itself is not known well (emcee's own rule)
CONVERGED = 1.05  # of R-hat
PER_PROCESS = 2  # parts of each step that a process is given


@dataclass(frozen=True)
class Options:
    """How to sample: steps kept of each walker, steps before them, walkers, steps of which one is kept, seed."""

    draws: int = 2000
    burn_in: int = 500
    walkers: int = 32
    thin: int = 1
    seed: int = 1
    processes: int = 1

    def check(self, dimensions: int) -> None:
        """Raise `UserError` for what cannot be."""
        limits = {
            "draws": (4, 10**9),
            "burn_in": (0, 10**9),
            "walkers": (2 * dimensions + 2, 10**6),
            "thin": (1, 10**6),
            "seed": (0, 2**32 - 1),
            "processes": (1, 4096),
        }
        faults = []
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                why = f" (twice as many as the {dimensions} parameters, and two)" if name == "walkers" else ""
                faults.append(f"{name} must be a whole number from {least}{why} to {most:,}, not {describe(value)}.")
        if isinstance(self.walkers, int) and self.walkers % 2:
            faults.append(f"walkers must be even, because one half moves along the other, not {self.walkers}.")
        if faults:
            raise UserError(*faults)


@dataclass(frozen=True)
class Samples:
    """Samples of the posterior of a scan.

    Attributes
    ----------
    parameters : name -> float64[chain, draw], the mass in GeV, those that are held included; a walker is a chain.
    log_posterior : float64[chain, draw], up to a constant, as a density in the scales of the priors.
    accepted : float64[chain], share of the moves that a walker made.
    autocorrelation : name -> time in steps that are kept, of each free parameter.
    r_hat : name -> the spread of halves of chains over that within them, 1 for chains that have converged.
    priors : name -> the prior of each free parameter in words.
    about : what the samples are of: source, case, statistic and the options.
    text, overrides : the scan file.
    """

    parameters: Mapping[str, Array]
    log_posterior: Array
    accepted: Array
    autocorrelation: Mapping[str, float]
    r_hat: Mapping[str, float]
    priors: Mapping[str, str]
    about: Mapping[str, Any]
    text: str
    overrides: tuple[str, ...]

    @property
    def chi2(self) -> Array:
        """The statistic at each sample, float64[chain, draw]."""
        return -2.0 * self.log_posterior

    @property
    def free(self) -> tuple[str, ...]:
        """The parameters that are sampled."""
        return tuple(self.priors)

    @property
    def independent(self) -> float:
        """Effective number of samples of the parameter that needs most steps to forget; NaN where that is unknown."""
        slowest = max(self.autocorrelation.values())
        return self.log_posterior.size / slowest if math.isfinite(slowest) and slowest > 0.0 else math.nan

    def interval(self, name: str, share: float) -> tuple[float, float]:
        """The central interval of a parameter with a share of the samples."""
        low, high = np.quantile(self.parameters[name], [0.5 * (1.0 - share), 0.5 * (1.0 + share)]).tolist()
        return low, high

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against convergence, in sentences."""
        found = []
        draws = self.log_posterior.shape[1]
        slow = {name: time for name, time in self.autocorrelation.items() if not time * LONG_ENOUGH <= draws}
        if slow:
            name = max(slow, key=lambda key: slow[key] if math.isfinite(slow[key]) else math.inf)
            time = f"{slow[name]:.3g} draws for {name}" if math.isfinite(slow[name]) else f"unknown for {name}"
            found.append(
                f"The chains of {draws} draws are shorter than {LONG_ENOUGH:g} autocorrelation times ({time}): the "
                "intervals are rough; take more draws, or thin."
            )
        if still := [name for name, value in self.r_hat.items() if math.isnan(value)]:
            found.append(f"No walker moved along {still[0]}: take more draws.")
        apart = {name: value for name, value in self.r_hat.items() if value > CONVERGED}
        if apart:
            name = max(apart, key=lambda key: apart[key])
            found.append(
                f"R-hat of {name} is {apart[name]:.3f}, above {CONVERGED:g}: walkers disagree, because they have not "
                "forgotten their starts or sit in separate regions; take a longer burn-in and more draws."
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """The layout of ``zdscan sample --json``."""
        return {
            **self.about,
            "parameters": {
                name: {
                    "prior": self.priors[name],
                    "mean": float(self.parameters[name].mean()),
                    "median": float(np.median(self.parameters[name])),
                    "interval_68": list(self.interval(name, 0.6827)),
                    "interval_95": list(self.interval(name, 0.95)),
                    "autocorrelation": self.autocorrelation[name]
                    if math.isfinite(self.autocorrelation[name])
                    else None,
                    "r_hat": self.r_hat[name] if math.isfinite(self.r_hat[name]) else None,
                }
                for name in self.free
            },
            "accepted": float(self.accepted.mean()),
            "lowest_chi2": float(self.chi2.min()),
            "warnings": list(self.warnings),
        }

    def to_datasets(self) -> dict[str, xarray.Dataset]:
        """The groups `posterior` and `sample_stats` as datasets of xarray."""
        import xarray

        dims = ("chain", "draw")
        coordinates = {name: np.arange(n) for name, n in zip(dims, self.log_posterior.shape, strict=True)}
        groups = {"posterior": dict(self.parameters), "sample_stats": {"lp": self.log_posterior, "chi2": self.chi2}}
        return {
            group: xarray.Dataset({name: (dims, values) for name, values in found.items()}, coordinates)
            for group, found in groups.items()
        }

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the samples into a new HDF5 file, which gets its name when it is whole.

        Raises
        ------
        UserError
            The file exists, or the disk does not take it.
        """
        target = Path(path)
        check_output(target, overwrite=overwrite)
        with scratch(target) as temporary:
            try:
                with new_file(temporary) as (file, _):
                    self._fill(file)
            except OSError as error:
                raise UserError(f"{target} cannot be written: {error.strerror or error}; nothing is kept.") from error
            publish(temporary, target, overwrite)

    def _fill(self, file: h5py.File) -> None:
        file.attrs.update({"program": PROGRAM, "version": __version__, **self.about})
        file.attrs["scan"], file.attrs["overrides"] = self.text, "\n".join(self.overrides)
        for group, dataset in self.to_datasets().items():
            made = file.create_group(group)
            made.attrs.update({"inference_library": "emcee", "created_by": f"zdscan {__version__}"})
            for name in ("chain", "draw"):
                made[name] = dataset[name].values
                made[name].make_scale(name)
            for name in map(str, dataset.data_vars):
                item = made.create_dataset(name, data=dataset[name].values)
                for place, dimension in enumerate(("chain", "draw")):
                    item.dims[place].attach_scale(made[dimension])
                if name in self.parameters:
                    item.attrs["units"] = "GeV" if name == "mass" else "1"
                    item.attrs["prior"] = self.priors.get(name, "held at this value")


def check_output(path: Path, *, overwrite: bool) -> None:
    """Raise `UserError` where a file of samples cannot be created: folder missing or closed, or the name is taken."""
    real = target_of(path)
    if path.is_dir():
        raise UserError(f"The output {path} is a folder; give the name of a file.")
    if not real.parent.is_dir():
        raise UserError(f"The folder {real.parent} of the output file {real.name} does not exist.")
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise UserError(f"The folder {real.parent} is not writable, so {real.name} cannot be created there.")
    if not os.path.lexists(path):
        return
    if not _is_ours(path):
        raise UserError(f"The output {path} exists and is not a file of samples; give another name.")
    if not overwrite:
        raise UserError(f"The output file {path} exists: replace it with --overwrite, or give another name.")


def _is_ours(path: Path) -> bool:
    try:
        with open_read(path) as file:
            return bool(file.attrs.get("program") == PROGRAM)
    except (OSError, RuntimeError, KeyError):
        return False


def need_emcee() -> Any:
    """The module emcee.

    Raises
    ------
    UserError
        It is not installed.
    """
    try:
        import emcee
    except ImportError:
        raise UserError(
            "Sampling needs the package emcee, the extra `sample`: pip install 'zdscan[sample]', or pip install emcee."
        ) from None
    return emcee


def sample_scan(
    scan: Scan,
    options: Options,
    statistic: str = ROWS,
    progress: Progress = lambda what, fraction: None,
) -> Samples:
    """Sample the posterior of a scan.

    Raises
    ------
    UserError
        emcee is not installed, an option cannot be, or there is nothing to sample.
    """
    emcee = need_emcee()
    check(statistic)
    posterior = Posterior(scan, statistic)
    options.check(len(posterior.scales))
    progress("where walkers begin", 0.0)
    starts = posterior.starts(options.walkers, np.random.default_rng(options.seed))
    moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]  # good at several regions
    total = options.burn_in + options.draws * options.thin
    with Crew(options.processes).at_work(posterior) as results_of:

        def log_posterior(points: Array) -> Array:
            parts = max(1, min(len(points), PER_PROCESS * options.processes if options.processes > 1 else 1))
            return np.concatenate(list(results_of(np.array_split(points, parts))))

        sampler = emcee.EnsembleSampler(
            options.walkers, len(posterior.scales), log_posterior, moves=moves, vectorize=True
        )
        state = emcee.State(starts, random_state=np.random.RandomState(options.seed).get_state())
        done = 0
        for what, steps, thin in (("burn-in", options.burn_in, 1), ("sampling", options.draws, options.thin)):
            if steps == 0:
                continue
            if what == "sampling":
                sampler.reset()
            begin = state
            for reached in sampler.sample(begin, iterations=steps, thin_by=thin):
                state, done = reached, done + thin
                progress(what, done / total)
    chain = np.swapaxes(sampler.get_chain(), 0, 1)  # [walker, draw, d]
    names = [scale.name for scale in posterior.scales]
    times = emcee.autocorr.integrated_time(sampler.get_chain(), tol=0, quiet=True)
    physics = posterior.surface.physics
    return Samples(
        parameters=posterior.values(chain),
        log_posterior=np.ascontiguousarray(sampler.get_log_prob().T),
        accepted=np.asarray(sampler.acceptance_fraction),
        autocorrelation=dict(zip(names, np.asarray(times).tolist(), strict=True)),
        r_hat={name: r_hat(chain[:, :, k]) for k, name in enumerate(names)},
        priors={scale.name: scale.words for scale in posterior.scales},
        about={
            "source": scan.source,
            "case": physics.case.name,
            "theory": physics.settings.theory,
            "statistic": statistic,
            **{name: getattr(options, name) for name in ("draws", "burn_in", "walkers", "thin", "seed")},
        },
        text=scan.text,
        overrides=scan.overrides,
    )


def r_hat(chains: Array) -> float:
    """The potential scale reduction of chains float64[chain, draw], each cut into halves; NaN where none moves.

    The square root of (within (n - 1)/n + between)/within, with the mean of the variances of halves and the variance of
    their means.
    """
    half = chains.shape[1] // 2
    halves = np.concatenate([chains[:, :half], chains[:, half : 2 * half]])
    within, between = float(halves.var(axis=1, ddof=1).mean()), float(halves.mean(axis=1).var(ddof=1))
    if within == 0.0:
        return math.nan
    return math.sqrt((within * (half - 1) / half + between) / within)
