"""``python -m zdscan``: the same as the installed command."""

from __future__ import annotations

from zdscan.cli import main

main()
