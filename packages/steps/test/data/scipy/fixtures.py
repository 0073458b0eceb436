# Makes fixtures.json beside this file. Versions: Python 3.11.7, SciPy 1.17.1, NumPy 2.4.6.
#   python fixtures.py > fixtures.json
# The samples are columns of the data sets in the folder above, named by file, column and which rows are
# before and after, or small lists with ties that are given as they are.
import csv
import json
import pathlib
import sys

import numpy as np
import scipy
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance
from scipy.stats.contingency import association, crosstab

DATA = pathlib.Path(__file__).parent.parent


def read(name):
    with open(DATA / name, newline='') as text:
        return list(csv.DictReader(text))


def column(rows, name):
    return [float(row[name]) for row in rows if row[name] not in ('', 'NA')]


def measured(before, after):
    values = np.concatenate([before, after])
    groups = np.repeat([0, 1], [len(before), len(after)])
    counts = crosstab(groups, values).count
    chi2 = chi2_contingency(counts, correction=False)
    one = counts.shape[1] == 1
    return {
        'rows': [len(before), len(after)],
        'ks': float(ks_2samp(before, after).statistic),
        'wasserstein': float(wasserstein_distance(before, after)),
        'chi2': float(chi2.statistic),
        'df': int(chi2.dof),
        # SciPy divides by the smaller side of the table less 1, which is 0 for one category.
        'cramersV': 0.0 if one else float(association(counts, method='cramer', correction=False)),
    }


def compared(file, rows, name, where, before, after):
    parts = [column([row for row in rows if row[where] == value], name) for value in (before, after)]
    place = {'file': file, 'column': name, 'where': where, 'before': before, 'after': after}
    return {**place, **measured(*parts)}


BIKES = 'season mnth hr holiday weekday workingday weathersit temp atemp hum windspeed cnt'.split()
PENGUINS = ['Culmen Length (mm)', 'Culmen Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)']
bikes = read('bike-sharing-hour.csv')
penguins = read('penguins-raw.csv')
real = [compared('bike-sharing-hour.csv', bikes, name, 'yr', '0', '1') for name in BIKES]
for before, after in [('Biscoe', 'Dream'), ('Dream', 'Torgersen')]:
    real += [compared('penguins-raw.csv', penguins, name, 'Island', before, after) for name in PENGUINS]

small = [
    ([1], [1]),
    ([1], [2]),
    ([0, 0, 0, 1], [0, 1, 1, 1]),
    ([1, 2, 3], [1, 2, 3]),
    ([5, 5, 5], [5, 5]),
    ([1, 1, 2, 2, 3], [2, 2, 2, 4]),
    ([0, 1], [0, 0, 0, 1, 1, 1, 1, 9]),
    ([-3.5, -3.5, 0, 0.25], [-3.5, 7]),
    ([1e9, 1e9 + 1, 1e9 + 2], [1e9 + 1, 1e9 + 1]),
    ([0.1, 0.2, 0.3], [0.1 + 0.2]),
    (list(range(40)), [value * 0.5 for value in range(60)]),
]
json.dump(
    {
        'versions': {'python': sys.version.split()[0], 'scipy': scipy.__version__, 'numpy': np.__version__},
        'real': real,
        'small': [{'before': b, 'after': a, **measured(b, a)} for b, a in small],
    },
    sys.stdout,
    indent=1,
)
print()
