"""A run's numbers in MLflow: a sink of twenty lines. pip install mlflow; python THIS."""

import mlflow

import genloss


class MLflow:
    def __init__(self) -> None:
        self.measured = genloss.Measured()

    def __call__(self, event) -> None:
        for new in self.measured.after(event):
            name = "".join(c if c.isalnum() or c in "_-./ " else "_" for c in new.metric)
            mlflow.log_metric(f"{new.run}/{name}", float(new.values.mean()), step=new.t)


if __name__ == "__main__":
    with mlflow.start_run():
        genloss.run_study(genloss.load_study("examples/gaussian.toml"), "runs", progress=MLflow())
