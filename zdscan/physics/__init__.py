"""The physics at one mass: from couplings and inputs to what the kernels and the constraints take. docs/model.md.

A module treats one subject: cases and their couplings (`cases`), the parameters (`parameters`), the flavour-changing
vertices (`vertex`), measured rows (`rows`), two-body decays (`two_body`), decays that radiate a Z_D (`radiation`); and
the language of constraints, `polynomial` and `clause`; why a constraint says nothing is put into words by `silence`.

It may import errors, inputs and kernels. Every file here is in the identity of a grid.
"""
