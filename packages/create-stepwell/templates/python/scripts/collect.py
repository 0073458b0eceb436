import csv
import json
import sys

source, target = sys.argv[1:]
with open(source, newline="") as file:
    rows = [
        {name: float(cell) if cell else None for name, cell in row.items()}
        for row in csv.DictReader(file)
    ]
with open(target, "w") as file:
    json.dump(rows, file)
print(f"{len(rows)} rows")
