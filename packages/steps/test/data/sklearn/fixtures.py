# Makes fixtures.json beside this file. Versions: Python 3.11.7, scikit-learn 1.9.1, numpy 2.4.6.
#   python fixtures.py > fixtures.json
# The data are made of whole numbers, so that there is no doubt which rows are meant; see `rows` in the
# output. Values of features are multiples of 1/1024, which scikit-learn's trees hold exactly.
import json
import sys

import numpy as np
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    precision_recall_fscore_support,
    r2_score,
    roc_auc_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(20261124)
n = 160
X = np.round(rng.normal(size=(n, 3)) * np.array([1.0, 8.0, 0.5]) * 1024) / 1024
noise = rng.normal(size=n)
y = 3 + 2 * X[:, 0] - 0.5 * X[:, 1] + 4 * np.sin(X[:, 2] * 3) + noise
three = np.digitize(X[:, 0] + X[:, 1] / 8 + 0.6 * noise, [-0.7, 0.6])
names = np.array(["amber", "blue", "cyan"])[three]
two = (X[:, 0] - X[:, 1] / 8 + 0.8 * noise > 0).astype(int)


def floats(a):
    return [float(v) for v in np.ravel(a)]


def scores_of(actual, predicted, probability, labels):
    result = {
        "accuracy": accuracy_score(actual, predicted),
        "confusion": confusion_matrix(actual, predicted, labels=labels).tolist(),
        "logLoss": log_loss(actual, probability, labels=labels),
    }
    if len(labels) == 2:
        p, r, f, _ = precision_recall_fscore_support(
            actual, predicted, average="binary", pos_label=labels[1], zero_division=0
        )
        result |= {"precision": p, "recall": r, "f1": f}
        result["rocAuc"] = roc_auc_score(actual, probability[:, 1])
    else:
        result["rocAuc"] = roc_auc_score(
            actual, probability, multi_class="ovr", average="macro", labels=labels
        )
    for average in ("macro", "weighted"):
        p, r, f, _ = precision_recall_fscore_support(
            actual, predicted, average=average, labels=labels, zero_division=0
        )
        title = average.capitalize()
        result |= {f"precision{title}": p, f"recall{title}": r, f"f1{title}": f}
    p, r, f, s = precision_recall_fscore_support(
        actual, predicted, average=None, labels=labels, zero_division=0
    )
    result["perClass"] = [floats(p), floats(r), floats(f), [int(v) for v in s]]
    return {k: (float(v) if np.isscalar(v) else v) for k, v in result.items()}


train, test = np.arange(n) % 4 != 3, np.arange(n) % 4 == 3


def classifier(model, target, labels):
    model.fit(X[train], target[train])
    probability = model.predict_proba(X[test])
    predicted = np.array(labels)[np.argmax(probability, axis=1)]
    return {
        "probabilities": [floats(row) for row in probability],
        "scores": scores_of(target[test], predicted, probability, labels),
    }


def regressor(model):
    model.fit(X[train], y[train])
    predicted = model.predict(X[test])
    return {
        "predictions": floats(predicted),
        "r2": float(r2_score(y[test], predicted)),
        "rmse": float(np.sqrt(mean_squared_error(y[test], predicted))),
        "mae": float(mean_absolute_error(y[test], predicted)),
        "mape": float(mean_absolute_percentage_error(y[test], predicted)),
        "importance": floats(model.feature_importances_)
        if hasattr(model, "feature_importances_")
        else None,
    }


def scaled(model):
    return make_pipeline(StandardScaler(), model)


def logistic(penalty):
    return scaled(LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=100000, solver="lbfgs"))


out = {
    "versions": {
        "python": sys.version.split()[0],
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    },
    "rows": [
        {"a": float(a), "b": float(b), "c": float(c), "y": float(t), "three": str(k), "two": int(q)}
        for (a, b, c), t, k, q in zip(X, y, names, two)
    ],
    "regression": {
        "tree": regressor(DecisionTreeRegressor(max_depth=4, min_samples_leaf=5, random_state=0)),
        "boosting": regressor(
            GradientBoostingRegressor(
                n_estimators=40, max_depth=2, min_samples_leaf=5, learning_rate=0.1, random_state=0
            )
        ),
        "neighbours": regressor(scaled(KNeighborsRegressor(5))),
        "kernelRidge": regressor(
            TransformedTargetRegressor(
                scaled(KernelRidge(kernel="rbf", gamma=1 / (2 * 1.5**2), alpha=0.2)),
                transformer=StandardScaler(with_std=False),
            )
        ),
    },
    "classification": {},
}
models = {
    "logistic": lambda: logistic(1),
    "naiveBayes": lambda: GaussianNB(),
    "treeClassifier": lambda: DecisionTreeClassifier(
        max_depth=3, min_samples_leaf=5, random_state=0
    ),
    "boostingClassifier": lambda: GradientBoostingClassifier(
        n_estimators=30, max_depth=2, min_samples_leaf=5, learning_rate=0.1, random_state=0
    ),
    "neighboursClassifier": lambda: scaled(KNeighborsClassifier(5)),
}
for kind, make in models.items():
    out["classification"][kind] = {
        "three": classifier(make(), names, ["amber", "blue", "cyan"]),
        "two": classifier(make(), two, [0, 1]),
    }

# Scores of given answers: with ties in the probabilities, and a class that is never predicted.
actual = rng.integers(0, 4, size=60)
raw = np.round(rng.dirichlet(np.ones(4), size=60) * np.array([1, 1, 1, 0.05]) * 20) / 20 + 0.05
probability = raw / raw.sum(axis=1, keepdims=True)
out["given"] = {
    "actual": [int(v) for v in actual],
    "probabilities": [floats(row) for row in probability],
    "scores": scores_of(actual, np.argmax(probability, axis=1), probability, [0, 1, 2, 3]),
}
actual = rng.integers(0, 2, size=50)
second = np.round(np.clip(actual * 0.3 + rng.random(50) * 0.7, 0.02, 0.98) * 10) / 10
second = np.clip(second, 0.05, 0.95)
out["givenTwo"] = {
    "actual": [int(v) for v in actual],
    "second": floats(second),
    "scores": scores_of(
        actual, (second > 0.5).astype(int), np.column_stack([1 - second, second]), [0, 1]
    ),
}
print(json.dumps(out))
