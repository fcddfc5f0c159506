"""What was tried, kept with its date and shown in docs/running.md."""

from __future__ import annotations

import datetime
import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.clusters.scans import Wrong
from tests.support.paths import ROOT

KEPT = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "running.md"
MARKS = ("<!-- clusters -->", "<!-- /clusters -->")


class Report:
    """Results, one for each thing tried on each system.

    Parameters
    ----------
    wanted : only what has this in its system or words is tried.
    """

    def __init__(self, wanted: str = "") -> None:
        self._wanted = wanted
        self.results: list[dict[str, str]] = []

    def attempt(self, system: str, version: str, tried: str, action: Callable[[], str]) -> None:
        """Try it; `action` returns what was seen, or raises `Wrong`."""
        if self._wanted not in f"{system} {version}: {tried}":
            return
        print(f"{system} {version}: {tried} ...", flush=True)
        began = time.monotonic()
        try:
            seen = action()
        except Wrong as wrong:
            seen = f"FAILED: {wrong}"
        except Exception as error:  # a fault of these scripts must not hide the other results
            traceback.print_exc()
            seen = f"FAILED: {type(error).__name__}: {error}"
        print(f"    {seen} ({time.monotonic() - began:.0f} s)", flush=True)
        self.add(system, version, tried, seen)

    def add(self, system: str, version: str, tried: str, seen: str) -> None:
        """Note one result of today."""
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        self.results.append({"system": system, "version": version, "tried": tried, "result": seen, "date": today})

    @property
    def failed(self) -> bool:
        """Whether something was not as promised."""
        return any(result["result"].startswith("FAILED") for result in self.results)

    def write(self) -> None:
        """Keep the results in place of former ones of the same trials, and renew the page."""
        tried = {(result["system"], result["tried"]) for result in self.results}
        former = [result for result in kept() if (result["system"], result["tried"]) not in tried]
        results = sorted([*former, *self.results], key=lambda result: (result["system"], result["tried"]))
        KEPT.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        before, rest = PAGE.read_text().split(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n{table(results)}{MARKS[1]}{rest.split(MARKS[1])[1]}")


def kept() -> list[dict[str, str]]:
    """The results of the last runs."""
    results: list[dict[str, str]] = json.loads(KEPT.read_text()) if KEPT.exists() else []
    return results


def table(results: list[dict[str, str]]) -> str:
    """The results as a table of the documentation."""
    rows = ["| system | version | tried | result | date |", "|---|---|---|---|---|"]
    columns = ("system", "version", "tried", "result", "date")
    rows += ["| " + " | ".join(result[column].replace("|", "\\|") for column in columns) + " |" for result in results]
    return "\n".join(rows) + "\n"
