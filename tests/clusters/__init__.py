"""Jobs on real MPI libraries, batch systems and file systems, on several hosts made of one machine.

Run by `python -m tests.clusters` as root, not by pytest; README.md in this folder says how.
"""
