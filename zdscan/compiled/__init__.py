"""Compiled kernels: where they are kept and how they are made quickly.

- `cache`: the folder of compiled kernels, named after their exact sources; chosen when zdscan is imported.
- `kernel`: a compiled function that outlives trouble with its cache, and leaves Numba's settings as they were.
- `entry`: the files of a kernel in the cache, with checksums.
- `warming`: compiling by two processes at once where nothing is in the cache yet.

It may import errors and ranks.
"""
