"""Slow, independent evaluations of what the kernels compute fast."""
