import json
import sys

source, target = sys.argv[1:]
with open(source) as file:
    rows = json.load(file)
whole = [row for row in rows if None not in row.values()]
with open(target, "w") as file:
    json.dump(whole, file)
print(f"dropped {len(rows) - len(whole)} rows with gaps")
