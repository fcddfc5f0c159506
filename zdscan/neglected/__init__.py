"""What a verdict leaves out, each effect named with its size at the point. docs/neglected.md.

effect.py   what an effect is, and the points whose sizes it gives
compare.py  what another theory setting would give at the same points
survey.py   every effect at a point, or the largest sizes within axes
effects     the effects, one module each, found by its presence

No effect changes a prediction, a bit or a grid: they are estimates of what is not computed, or comparisons of two
settings of what is.
"""
