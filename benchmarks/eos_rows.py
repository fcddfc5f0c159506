"""Rows of b -> s l l from EOS; run by against_eos.py with the Python of EOS's own environment, which has no zdscan.

Reads from standard input {"rows": [[decay, q2_min, q2_max], ...], "points": [{"mu": [C9, C10], "e": [...]}, ...],
"tag": treatment of the charm loops, "repeats": n} and prints {"version", "rows": per point (the Standard Model first),
"seconds": CPU of all rows at one point}.
"""

import json
import statistics
import sys
import time

import eos

OBSERVABLES = {
    "B0->K*0mumu": ("B->K^*ll::BR", "mu", "d"),
    "B+->K*+mumu": ("B->K^*ll::BR", "mu", "u"),
    "B+->K+mumu": ("B->Kll::BR", "mu", "u"),
    "B0->K0mumu": ("B->Kll::BR", "mu", "d"),
    "Bs->phimumu": ("B_s->phill::expBR", "mu", "s"),
    "B+->K+ee": ("B->Kll::BR", "e", "u"),
    "B0->K*0ee": ("B->K^*ll::BR", "e", "d"),
    "B->Xsmumu": ("B->X_sll::BR@HLMW2005", "mu", ""),
    "B->Xsee": ("B->X_sll::BR@HLMW2005", "e", ""),
}


def main() -> None:
    """Evaluate and print."""
    task = json.loads(sys.stdin.read())
    # One set of parameters for the rows of each lepton, with both leptons' coefficients shifted alike: B -> Xs e e of
    # EOS 1.0.21 reads the muon's.
    parameters = {lepton: eos.Parameters.Defaults() for lepton in ("mu", "e")}
    names = [f"b->s{2 * lepton}::Re{{{c}}}" for lepton in parameters for c in ("c9", "c10")]
    standard = [parameters["mu"][name].evaluate() for name in names]
    observables = []
    for decay, low, high in task["rows"]:
        name, lepton, spectator = OBSERVABLES[decay]
        options = {"model": "WET", "l": lepton, "tag": task["tag"]} | ({"q": spectator} if spectator else {})
        kinematics = eos.Kinematics(q2_min=low, q2_max=high)
        observables.append(eos.Observable.make(name, parameters[lepton], kinematics, eos.Options(**options)))

    def evaluate(shifts: dict) -> list:
        for lepton, values in parameters.items():
            for name, value, shift in zip(names, standard, 2 * shifts[lepton], strict=True):
                values[name].set(value + shift)
        return [observable.evaluate() for observable in observables]

    nothing = [0.0, 0.0]
    rows = [evaluate({"mu": nothing, "e": nothing})]
    times = []
    for point in task["points"]:
        for _ in range(task["repeats"]):
            start = time.thread_time()
            found = evaluate(point)
            times.append(time.thread_time() - start)
        rows.append(found)
    print(json.dumps({"version": eos.__version__, "rows": rows, "seconds": statistics.median(times)}))


if __name__ == "__main__":
    main()
