"""The live explorer: planes computed as they are looked at, drawn in a browser. docs/explore.md.

``scales``, ``start``, ``planes``, ``curves``, ``points`` and ``exports`` compute and know nothing of a browser;
``look``, ``figures``, ``controls``, ``page`` and ``server`` show it and need the extra ``explore`` (bokeh).
"""
