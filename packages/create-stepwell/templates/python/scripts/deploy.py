import json
import shutil
import sys

model_file, scores_file, params_file, target = sys.argv[1:]
with open(scores_file) as file:
    scores = json.load(file)
with open(params_file) as file:
    params = json.load(file)
# A command that fails stops what follows, and what was deployed before stays.
if scores["r2"] < params["min_r2"]:
    sys.exit(f"r2 is {scores['r2']:.3f}, below {params['min_r2']}")
shutil.copyfile(model_file, target)
