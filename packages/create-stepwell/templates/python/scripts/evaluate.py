import json
import pickle
import sys

from sklearn.metrics import mean_absolute_error, r2_score

rows_file, model_file, params_file = sys.argv[1:]
with open(rows_file) as file:
    rows = json.load(file)
with open(model_file, "rb") as file:
    model = pickle.load(file)
with open(params_file) as file:
    params = json.load(file)
tested = [row for index, row in enumerate(rows) if index % params["test_every"] == 0]
actual = [row["price"] for row in tested]
predicted = model.predict([[row["area"]] for row in tested])
scores = {"r2": r2_score(actual, predicted), "mae": mean_absolute_error(actual, predicted)}
print(json.dumps(scores))
