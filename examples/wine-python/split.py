import csv
import random
import sys

import params

source, train, test = sys.argv[1:]
chosen = params.read("split")
with open(source, newline="") as file:
    header, *rows = list(csv.reader(file))
random.Random(chosen["seed"]).shuffle(rows)
cut = int(len(rows) * chosen["test"])
for path, part in ((test, rows[:cut]), (train, rows[cut:])):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *part])
print(f"{len(rows) - cut} rows to learn from, {cut} to test with")
