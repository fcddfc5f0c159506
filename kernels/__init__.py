"""Numba kernels: numbers and arrays in GeV in, numbers out; no names, files, strings or Python objects."""
