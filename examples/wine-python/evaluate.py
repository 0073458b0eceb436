import json
import pickle
import sys

import table
from sklearn.metrics import mean_absolute_error, r2_score

source, rows, target = sys.argv[1:]
with open(source, "rb") as file:
    model = pickle.load(file)
features, quality = table.read(rows)
predicted = model.predict(features)
with open(target, "w") as file:
    scores = {"r2": r2_score(quality, predicted), "mae": mean_absolute_error(quality, predicted)}
    json.dump(scores, file, indent=2)
