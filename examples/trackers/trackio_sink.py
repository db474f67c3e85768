"""A run's numbers in trackio, on this machine: a sink of twenty lines. pip install trackio."""

import trackio

import genloss


class Trackio:
    def __init__(self) -> None:
        self.measured = genloss.Measured()

    def __call__(self, event) -> None:
        for new in self.measured.after(event):
            trackio.log({f"{new.run}/{new.metric}": float(new.values.mean())}, step=new.t)


if __name__ == "__main__":
    trackio.init(project="genloss")
    genloss.run_study(genloss.load_study("examples/gaussian.toml"), "runs", progress=Trackio())
    trackio.finish()
