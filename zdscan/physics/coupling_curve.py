"""A limit on the kinetic mixing of a dark photon, recast for any couplings: production by name, and a channel.

    ratio = P BR(Z_D -> channel) / [eps_limit^2 BR(A' -> channel)]

P is the production beside that of a dark photon at eps = 1 (`zdscan.physics.productions`), A' the dark photon, which
decays to charged leptons and hadrons alone; of an invisible one the branching ratio is 1. docs/extending.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from zdscan.inputs.against_mass import Numbers
from zdscan.physics.clause import Channel, Clause, Model
from zdscan.physics.lifetime import prompt_clause
from zdscan.physics.productions import production
from zdscan.physics.reference_models import reference


@dataclass(frozen=True)
class CouplingCurve:
    """An upper limit on eps of a dark photon against the mass: column "limit" of `numbers`."""

    numbers: Numbers
    production: str
    channel: Channel
    prompt: str | None

    def clauses(self, model: Model, mass: float) -> list[Clause]:
        """P BR(Z_D -> channel)/BR(A' -> channel) below the square of the limit; nothing where the curve has none."""
        other = reference("invisible" if self.channel == "invisible" else "dark photon", model, mass)
        limit, fraction = self.numbers.at("limit", mass), other.fraction([self.channel])
        if math.isnan(limit) or fraction == 0.0:
            return []
        rate = production(self.production, model, mass) * (1.0 / fraction)
        if self.prompt is None:
            return [Clause(polynomial=rate, channel=self.channel, up=limit * limit)]
        return [prompt_clause(model, rate, self.channel, limit * limit, model.constants[self.prompt])]

    @property
    def rule(self) -> str:
        """What is compared, in words."""
        prompt = "" if self.prompt is None else ", for prompt decays"
        return (
            f"production {self.production} beside that of a dark photon of eps = 1, times BR(Z_D -> {self.channel}) "
            f"over that of a dark photon, below the square of the limit on eps{prompt}; nothing where it has none."
        )
