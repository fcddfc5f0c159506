"""Reads finished grids through xarray: slices, profiles, fits and pictures."""
