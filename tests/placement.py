"""The placement instance on standard input as a linear program, solved by HiGHS through SciPy.

Shares nothing with the planner: variables are cases of a segment at an agency, every limit is a row.
Prints {"worth", "seconds"}; fails if there is no optimum, also if minimums cannot be met.
"""

import json
import sys
import time

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix


def main():
    instance = json.load(sys.stdin)
    limits = {(lender, agency): (least, most) for lender, agency, least, most in instance["limits"]}
    worth, rows, columns, signs, bounds = [], [], [], [], []
    row_of = {}

    def row(key, bound):
        if key not in row_of:
            row_of[key] = len(bounds)
            bounds.append(bound)
        return row_of[key]

    for number, segment in enumerate(instance["segments"]):
        for agency, of_one in segment["choices"]:
            variable = len(worth)
            worth.append(of_one)
            entries = [
                (row(("segment", number), segment["cases"]), 1),
                (row(("agency", agency), instance["agencies"][agency]), 1),
            ]
            pair = (segment["lender"], agency)
            if pair in limits:
                least, most = limits[pair]
                entries.append((row(("most", pair), most), 1))
                if least > 0:
                    entries.append((row(("least", pair), -least), -1))
            for at, sign in entries:
                rows.append(at)
                columns.append(variable)
                signs.append(sign)
    matrix = coo_matrix((signs, (rows, columns)), shape=(len(bounds), len(worth))).tocsr()
    began = time.monotonic()
    solved = linprog(-np.array(worth, dtype=float), A_ub=matrix, b_ub=np.array(bounds, dtype=float), method="highs")
    if not solved.success:
        sys.exit(f"no optimum: {solved.message}")
    print(json.dumps({"worth": -solved.fun, "seconds": time.monotonic() - began}))


main()
