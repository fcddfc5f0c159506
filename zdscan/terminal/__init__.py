"""What commands print and how they are spoken to: words, tables and exit states, no numbers of its own.

- `report`: tables of every command; `words`: the words of a verdict;
- `tally`: a grid file in a few numbers; `citations`: the BibTeX of what was used.
- `coefficients`: Wilson coefficients of a point; `limits`: limit curves, and what is typed for them.
- `silence`: which constraints do not apply, and why.
- `watch`: a run followed through its status file; `output`: standard output that can fail.

It may import everything but calibration, analysis and the command line. What is loaded before a command is chosen
(`output`) does without numpy.
"""
