"""Samples as text: test_sampling.py has what is printed of made-up samples; here the command's own mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.package.test_cli import refused
from tests.package.test_cli import zdscan as command


def test_the_command_refuses_before_it_computes(tmp_path: Path) -> None:
    pytest.importorskip("emcee")
    scan = tmp_path / "scan.toml"
    scan.write_text("format = 2\n")
    refused(command("sample", str(scan), "-o", str(tmp_path / "no" / "x.h5")), "does not exist")
