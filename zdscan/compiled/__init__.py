"""Compiled kernels: where they are kept and how they are made quickly.

- `cache`: the folder of compiled kernels, named after their exact sources; chosen when zdscan is imported.
- `warming`: compiling by two processes at once where nothing is in the cache yet.

It may import errors and ranks.
"""
