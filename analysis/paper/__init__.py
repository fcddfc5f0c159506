"""The figures, tables and quantitative claims of arXiv:2412.11438, recomputed.

reproduce.py    all of it into one folder
report.py       the tables, and the page that holds everything
figures/        one module for each figure
claims/         the statements with numbers, and verdicts that follow from them
"""
