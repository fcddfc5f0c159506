"""The page of the explorer in the browser: the modules that need bokeh (extra `explore`)."""
