"""Run one peer on the votes of a benchmark and print what it took, as JSON; run by the peers' own Python.

python gold_with.py alpha|dawid_skene|mace VOTES.npz ITERATIONS STARTS
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np


def main(task: str, path: str, iterations: int, starts: int) -> None:
    """Load, run, time the run alone, print."""
    data = np.load(path)
    if task == "alpha":
        import krippendorff

        codes = data["codes"].astype(float)
        codes[codes < 0] = np.nan
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            value = krippendorff.alpha(reliability_data=codes.T, level_of_measurement="nominal")
            seconds.append(time.perf_counter() - began)
        print(json.dumps({"seconds": min(seconds), "value": float(value)}))
        return
    import pandas as pd
    from crowdkit.aggregation.classification.dawid_skene import DawidSkene
    from crowdkit.aggregation.classification.mace import MACE

    votes = pd.DataFrame({"task": data["item"], "worker": data["annotator"], "label": data["value"]})
    if task == "dawid_skene":
        model = DawidSkene(n_iter=iterations, tol=-1.0)
    else:
        model = MACE(n_restarts=starts, n_iter=iterations, random_state=0)
    began = time.perf_counter()
    labels = model.fit_predict(votes)
    seconds_taken = time.perf_counter() - began
    found = labels.reindex(range(len(data["truth"]))).to_numpy()
    print(json.dumps({"seconds": seconds_taken, "accuracy": float((found == data["truth"]).mean())}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
