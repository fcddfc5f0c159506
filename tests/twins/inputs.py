"""Numerical inputs of the twins, typed in here so that an error in the package's own tables cannot hide."""

from __future__ import annotations

import numpy as np

# Masses of the internal quarks (MSbar top) and of the W, GeV; Fermi constant, e = sqrt(4 pi alpha(0)), g/cos(theta_W)
MW, GF = 80.377, 1.1663787e-5
QUARK_MASSES = (0.002, 1.27, 163.5)
CHARGE, GZ = 3.028221208718e-1, 7.407012373374e-1
X = np.array([m * m / (MW * MW) for m in QUARK_MASSES])
SW2 = 0.23122

# flavio 2.7 default CKM: V_is^* V_ib (V_id^* V_ib, V_id^* V_is) for i = u, c, t; they add up to zero to the last digit.
LAMBDA = {
    "bs": (
        3.338019380466e-04 - 7.470912475329e-04j,
        4.085913743104e-02 + 1.316004399618e-06j,
        -4.119293936909e-02 + 7.457752431333e-04j,
    ),
    "bd": (
        1.446868253145e-03 - 3.238275411412e-03j,
        -9.429153682071e-03 + 5.704235864986e-06j,
        7.982285428926e-03 + 3.232571175547e-03j,
    ),
    "sd": (
        2.190446990071e-01 + 0j,
        -2.187177156717e-01 + 1.393594247186e-04j,
        -3.269833354445e-04 - 1.393594247186e-04j,
    ),
}
