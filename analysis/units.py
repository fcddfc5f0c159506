"""Units of masses: everything is computed in GeV."""

MEV = 1e-3  # GeV; a mass divided by it is its number of MeV
