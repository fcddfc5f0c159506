"""The fast evaluator: chi2 and exclusion bits of the points of a grid, from polynomials of one mass.

At a mass the couplings are (a, b, u): two of eps, eps_z, g_mu and the third, t, shifted so that v_mu is proportional to
u = t + shift_a a + shift_b b. chi2 = A + B/Gamma + C/Gamma^2 and the inequality D > 0 of every bound of a clause are
polynomials in them, expanded by zdscan/evaluation/expansion.py. Four words for where they are evaluated:

* plane: the points of one a. What is summed over powers of a is done once for all of them.
* line: the points of one a and one b, along t. What is left of a polynomial is one in u.
* bundle: sixteen neighbouring lines of a plane, one for each lane of the vector registers. Lines may be short then:
  nothing has to be spread over a register or set up for a single line.
* tile: sixteen or so steps along t of a bundle. Interval bounds decide most inequalities for a whole bundle, and most
  of the others for a whole tile; points evaluate those that are left.

Bundles and tiles lie at fixed places of the axes, never where a block begins: a point gets the same bits in whatever
block, thread or rank it is computed.
"""
