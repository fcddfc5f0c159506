"""zdscan: scans of light vector bosons (dark photon, dark Z) against flavour and low-energy data."""

from __future__ import annotations

__version__ = "0.1.0"
