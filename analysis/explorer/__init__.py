"""The live explorer: planes computed as they are looked at, drawn in a browser. docs/explore.md.

``scales``, ``start``, ``planes``, ``curves``, ``points`` and ``exports`` compute and know nothing of a browser;
``look`` writes HTML, ``worker`` has the thread that computes, ``server`` serves the page, which is made in ``live``.
"""
