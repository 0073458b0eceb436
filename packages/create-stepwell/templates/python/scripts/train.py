import json
import pickle
import sys

from sklearn.ensemble import RandomForestRegressor

rows_file, params_file, model_file = sys.argv[1:]
with open(rows_file) as file:
    rows = json.load(file)
with open(params_file) as file:
    params = json.load(file)
learned = [row for index, row in enumerate(rows) if index % params["test_every"] != 0]
model = RandomForestRegressor(params["trees"], min_samples_leaf=5, random_state=params["seed"])
model.fit([[row["area"]] for row in learned], [row["price"] for row in learned])
with open(model_file, "wb") as file:
    pickle.dump(model, file)
