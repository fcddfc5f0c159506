"""The tests of a module are found by its name: tests/<folder>/test_<module>.py, for every module of the packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT

# Tested by what they are about, in these folders or modules, because one file holds what belongs together.
ELSEWHERE = {
    "zdscan/constraints": "tests/constraints",  # by process: flavour, charged currents, leptons, low energies
    "zdscan/neglected/effects": "tests/neglected/test_effects.py",  # they share points and golden numbers
    "zdscan/cli.py": "tests/package/test_cli.py",
    "zdscan/cli_points.py": "tests/package/test_cli.py",
    "zdscan/cli_sample.py": "tests/analysis/fits/test_samplereport.py",
    "zdscan/cli_plot.py": "tests/package/test_cli.py",
    "zdscan/cli_explore.py": "tests/analysis/explorer",
    "zdscan/calibration/component_tables.py": "tests/calibration/test_components.py",
    "zdscan/inputs/component_tables.py": "tests/calibration/test_components.py",
    "zdscan/grid/target.py": "tests/grid/test_create.py",
    "zdscan/inputs/measurement_records.py": "tests/inputs/test_measurement_files.py",
    "zdscan/inputs/quantities.py": "tests/inputs/test_measurement_files.py",
    "zdscan/ranks/memory.py": "tests/ranks/test_windows.py",
    "zdscan/terminal/coefficients.py": "tests/physics/test_effective.py",
    "kernels/physics/components.py": "tests/physics/test_quotients.py",
    "kernels/reference/quotients.py": "tests/physics/test_quotients.py",
    "kernels/tables/forms.py": "tests/physics/test_quotients.py",
    "kernels/fast/inequalities.py": "tests/kernels/fast/test_bounds.py",
    "analysis/explorer": "tests/analysis/explorer",  # by what a user does
    "zdscan/point.py": "tests/package/test_point.py",
    "zdscan/point_result.py": "tests/package/test_point.py",
    "zdscan/evaluation/setting.py": "tests/evaluation/test_settings.py",
    "zdscan/api.py": "tests/package/test_public_api.py",
    "zdscan/errors.py": "tests/package/test_errors.py",
    "zdscan/evaluation/workspace.py": "tests/kernels/fast/test_evaluate.py",
    "zdscan/__main__.py": "tests/package/test_cli.py",
    "analysis/views/of_file.py": "tests/analysis/views/test_grid.py",
    "analysis/inference.py": "tests/analysis/test_public.py",
    "analysis/paper/figures": "tests/analysis/paper/figures",
    "analysis/paper/claims": "tests/analysis/paper/claims",
}


def modules() -> list[Path]:
    """Modules of the three packages, relative to the repository."""
    found = [path for name in ("zdscan", "kernels", "analysis") for path in sorted((ROOT / name).rglob("*.py"))]
    inside = [path.relative_to(ROOT) for path in found]
    return [path for path in inside if path.name != "__init__.py" and path.parts[1] not in ("kernels", "analysis")]


def place_of_tests(module: Path) -> Path:
    """Where the tests of a module are."""
    for path in (module, *module.parents):
        if path.as_posix() in ELSEWHERE:
            return ROOT / ELSEWHERE[path.as_posix()]
    parts = module.parts[1:] if module.parts[0] == "zdscan" else module.parts
    return ROOT.joinpath("tests", *parts[:-1], f"test_{module.name}")


@pytest.mark.parametrize("module", modules(), ids=str)
def test_a_module_has_its_tests_where_one_looks(module: Path) -> None:
    assert place_of_tests(module).exists()
