"""How results look in a notebook: short tables as text and as HTML, and arrays with names in xarray.

- `tables`: a table, as lines of text and as HTML.
- `points`: the tables and the dataset of evaluated points.

It stands below the results that it shows, and knows of them what it says it needs.
"""
