# Makes the files beside this one: networks, and in fixtures.json what scikit-learn predicts.
#   python fixtures.py
# Versions: Python 3.11.7, scikit-learn 1.9.1, skl2onnx 1.20.0, onnx 1.23.2, numpy 2.4.6.
# Values of features are multiples of 1/1024, which single floats hold exactly.
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

HERE = Path(__file__).parent
NAMES = ["a", "b", "c"]
OPSET = {"": 21, "ai.onnx.ml": 3}

rng = np.random.default_rng(20261124)
X = (np.round(rng.normal(size=(120, 3)) * 1024) / 1024).astype(np.float32)
y = 3 + 2 * X[:, 0] - X[:, 1] ** 2 + rng.normal(size=120) / 10
three = np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.6])
two = (X[:, 0] > X[:, 2]).astype(int)
test = X[:40]


def save(name, network):
    (HERE / f"{name}.onnx").write_bytes(network.SerializeToString())


def bare(name, inputs, nodes, outputs, weights=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    save(name, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10))


def tensor(name, *shape, type=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, type, list(shape))


forest = RandomForestRegressor(12, max_depth=4, random_state=1).fit(X, y)
save("forest", to_onnx(forest, X[:1], target_opset=OPSET))

logistic = LogisticRegression(max_iter=1000).fit(X, np.array(["amber", "blue", "cyan"])[three])
save("logistic", to_onnx(logistic, X[:1], options={"zipmap": False}, target_opset=OPSET))
# As it comes without the option: a map of classes, which is no tensor.
save("zipmap", to_onnx(logistic, X[:1], target_opset=OPSET))

numbers = LogisticRegression(max_iter=1000).fit(X, np.array([4, 6])[two])
save("numbers", to_onnx(numbers, X[:1], options={"zipmap": False}, target_opset=OPSET))

# An input for each feature, in another order than the features.
columns = make_pipeline(
    ColumnTransformer([(name, "passthrough", [place]) for place, name in enumerate(NAMES)]),
    LinearRegression(),
).fit(X, y)
types = [(name, FloatTensorType([None, 1])) for name in NAMES]
network = to_onnx(columns, initial_types=types, target_opset=OPSET)
network.graph.input.sort(key=lambda one: one.name, reverse=True)
save("columns", network)

# A sigmoid of one value is the probability of the second class of two; its logits are none.
layers = [
    helper.make_node("Gemm", ["x", "w", "bias"], ["logit"]),
    helper.make_node("Sigmoid", ["logit"], ["p"]),
]
weights = [
    helper.make_tensor("w", TensorProto.FLOAT, [3, 1], [1.0, -2.0, 0.5]),
    helper.make_tensor("bias", TensorProto.FLOAT, [1], [3.0]),
]
bare(
    "sigmoid",
    [tensor("x", "rows", 3)],
    layers,
    [tensor("logit", "rows", 1), tensor("p", "rows", 1)],
    weights,
)
sigmoid = 1 / (1 + np.exp(-(test @ np.array([1.0, -2.0, 0.5]) + 3)))

# What cannot be fed.
first = helper.make_node("ReduceSum", ["x"], ["y"], keepdims=1)
bare("one-row", [tensor("x", 1, 3)], [first], [tensor("y", 1, 1)])
cast = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)
bare("whole", [tensor("x", "rows", 1, type=TensorProto.INT64)], [cast], [tensor("y", "rows", 1)])


def lists(a):
    return np.asarray(a, dtype=float).tolist()


fixtures = {
    "rows": [dict(zip(NAMES, lists(row))) for row in test],
    "y": lists(y[:40]),
    "three": np.array(["amber", "blue", "cyan"])[three[:40]].tolist(),
    "two": np.array([4, 6])[two[:40]].tolist(),
    "forest": lists(forest.predict(test)),
    "columns": lists(columns.predict(test)),
    "logistic": lists(logistic.predict_proba(test)),
    "numbers": lists(numbers.predict_proba(test)),
    "sigmoid": lists(sigmoid),
}
(HERE / "fixtures.json").write_text(json.dumps(fixtures) + "\n")
