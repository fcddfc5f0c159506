"""Keys of the bibliography, read without the package's own parser."""

from __future__ import annotations

import re

from zdscan.inputs import read_data

BIBLIOGRAPHY = set(re.findall(r"^@\w+\{([^,]+),", read_data("references.bib").decode(), flags=re.MULTILINE))
