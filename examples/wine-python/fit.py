import pickle
import sys

import params
import table
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

kind, source, target = sys.argv[1:]
chosen = params.read(f"fit.{kind}")
if kind == "linear":
    model = LinearRegression(fit_intercept=chosen["intercept"])
else:
    model = RandomForestRegressor(
        n_estimators=chosen["trees"], max_depth=chosen["depth"], random_state=chosen["seed"]
    )
model.fit(*table.read(source))
with open(target, "wb") as file:
    pickle.dump(model, file)
