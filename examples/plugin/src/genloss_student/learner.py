"""A learner: Student's t with known degrees of freedom, fitted to mean and covariance."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About, Work
from genloss.judge.predictions import PlugIn

STUDENT = Work(
    "student-1908", "Student", 1908, "The Probable Error of a Mean", "Biometrika 6",
    "https://doi.org/10.2307/2331554",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class StudentModel:
    """x = mean + L z sqrt((df - 2) / chi2_df), so that its covariance is L L^T."""

    mean: np.ndarray  # (C, d)
    cov: np.ndarray  # (C, d, d)
    df: float

    @property
    def n_chains(self):
        return len(self.mean)

    def sample(self, n, rng):
        c, d = self.mean.shape
        z = rng.standard_normal((c, n, d)) @ np.linalg.cholesky(self.cov).transpose(0, 2, 1)
        scale = np.sqrt((self.df - 2) / rng.chisquare(self.df, (c, n, 1)))
        return self.mean[:, None] + scale * z

    def moments(self):
        return self.mean, self.cov

    def state(self):
        return {"mean": self.mean, "cov": self.cov}


@dataclass(frozen=True)
class StudentLearner:
    """Student's t with `df` degrees of freedom; covariance scatter / (n - ddof)."""

    about = About(
        "student_t", "Student's t", "A heavy-tailed law with the rows' covariance.", (STUDENT,)
    )
    df: float = 5.0
    ddof: int = 0

    def fit(self, train, rng, *, init=None, valid=None):
        mean = train.x.mean(axis=1)
        gap = train.x - mean[:, None]
        cov = gap.transpose(0, 2, 1) @ gap / (train.n_rows - self.ddof)
        return StudentModel(mean, cov, self.df)

    def restore(self, state):
        return StudentModel(state["mean"], state["cov"], self.df)

    def plug_in(self):
        """The moments of its training set are the model's: our laws of moments hold."""
        return PlugIn(self.ddof, 0.0)
