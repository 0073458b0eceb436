import json
import pathlib
import sys

target, *sources = sys.argv[1:]
scores = {pathlib.Path(path).stem: json.load(open(path)) for path in sources}
best = max(scores, key=lambda name: scores[name]["r2"])
with open(target, "w") as file:
    json.dump({"model": best, **scores[best]}, file, indent=2)
print(f"{best} is the best")
