"""What is asked: the scan file, from TOML to checked settings and exact axis values. docs/scan-file.md.

- `scanfile`: the sections of the file and everything that can be wrong with them, all told at once.
- `axes`: how an axis is spelt, and the values it stands for.
- `messages`: what is wrong as a located sentence, with the nearest name that is right.

It may import errors, inputs, physics, constraints, evaluation and grid.
"""
