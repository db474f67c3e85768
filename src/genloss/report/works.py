"""The works that a report may cite."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A published work; link is followed by nobody but a reader."""

    authors: str
    year: int
    title: str
    venue: str
    link: str = ""


def _arxiv(number: str) -> str:
    return f"https://arxiv.org/abs/{number}"


def _doi(name: str) -> str:
    return f"https://doi.org/{name}"


WORKS: Mapping[str, Work] = {
    "alemohammad-2023": Work(
        "Alemohammad, Casco-Rodriguez, Luzi, Humayun, Babaei, LeJeune, Siahkoohi and Baraniuk",
        2023,
        "Self-Consuming Generative Models Go MAD",
        "ICLR 2024",
        _arxiv("2307.01850"),
    ),
    "alpaydin-1998": Work(
        "Alpaydin and Kaynak",
        1998,
        "Optical Recognition of Handwritten Digits",
        "UCI Machine Learning Repository",
    ),
    "bonneel-2015": Work(
        "Bonneel, Rabin, Peyré and Pfister",
        2015,
        "Sliced and Radon Wasserstein Barycenters of Measures",
        "Journal of Mathematical Imaging and Vision 51",
    ),
    "chan-1983": Work(
        "Chan, Golub and LeVeque",
        1983,
        "Algorithms for Computing the Sample Variance: Analysis and Recommendations",
        "The American Statistician 37",
    ),
    "dempster-1977": Work(
        "Dempster, Laird and Rubin",
        1977,
        "Maximum Likelihood from Incomplete Data via the EM Algorithm",
        "Journal of the Royal Statistical Society B 39",
    ),
    "dohmatob-2024": Work(
        "Dohmatob, Feng, Subramonian and Kempe",
        2024,
        "Strong Model Collapse",
        "ICLR 2025",
        _arxiv("2410.04840"),
    ),
    "friedman-2023": Work(
        "Friedman and Dieng",
        2023,
        "The Vendi Score: A Diversity Evaluation Metric for Machine Learning",
        "Transactions on Machine Learning Research",
        _arxiv("2210.02410"),
    ),
    "kingma-2013": Work(
        "Kingma and Welling",
        2013,
        "Auto-Encoding Variational Bayes",
        "ICLR 2014",
        _arxiv("1312.6114"),
    ),
    "gelbrich-1990": Work(
        "Gelbrich",
        1990,
        "On a Formula for the L2 Wasserstein Metric between Measures on Euclidean and "
        "Hilbert Spaces",
        "Mathematische Nachrichten 147",
    ),
    "gerstgrasser-2024": Work(
        "Gerstgrasser, Schaeffer, Dey, Rafailov, Sleight, Hughes and others",
        2024,
        "Is Model Collapse Inevitable? Breaking the Curse of Recursion by Accumulating Real and "
        "Synthetic Data",
        "COLM 2024",
        _arxiv("2404.01413"),
    ),
    "gretton-2012": Work(
        "Gretton, Borgwardt, Rasch, Schölkopf and Smola",
        2012,
        "A Kernel Two-Sample Test",
        "Journal of Machine Learning Research 13",
    ),
    "kazdan-2024": Work(
        "Kazdan, Schaeffer, Dey, Gerstgrasser, Rafailov, Donoho and Koyejo",
        2024,
        "Collapse or Thrive? Perils and Promises of Synthetic Data in a Self-Generating World",
        "arXiv",
        _arxiv("2410.16713"),
    ),
    "kullback-1951": Work(
        "Kullback and Leibler",
        1951,
        "On Information and Sufficiency",
        "The Annals of Mathematical Statistics 22",
    ),
    "kynkaanniemi-2019": Work(
        "Kynkäänniemi, Karras, Laine, Lehtinen and Aila",
        2019,
        "Improved Precision and Recall Metric for Assessing Generative Models",
        "NeurIPS 2019",
        _arxiv("1904.06991"),
    ),
    "lecun-1998": Work(
        "LeCun, Cortes and Burges", 1998, "The MNIST Database of Handwritten Digits", "data set"
    ),
    "naeem-2020": Work(
        "Naeem, Oh, Uh, Choi and Yoo",
        2020,
        "Reliable Fidelity and Diversity Metrics for Generative Models",
        "ICML 2020",
        _arxiv("2002.09797"),
    ),
    "pedregosa-2011": Work(
        "Pedregosa and others",
        2011,
        "Scikit-learn: Machine Learning in Python",
        "Journal of Machine Learning Research 12",
    ),
    "seddik-2024": Work(
        "Seddik, Chen, Hayou, Youssef and Debbah",
        2024,
        "How Bad is Training on Synthetic Data? A Statistical Analysis of Language Model Collapse",
        "COLM 2024",
        _arxiv("2404.05090"),
    ),
    "shannon-1948": Work(
        "Shannon",
        1948,
        "A Mathematical Theory of Communication",
        "The Bell System Technical Journal 27",
    ),
    "shumailov-2024": Work(
        "Shumailov, Shumaylov, Zhao, Papernot, Anderson and Gal",
        2024,
        "AI models collapse when trained on recursively generated data",
        "Nature 631, 755–759",
        _doi("10.1038/s41586-024-07566-y"),
    ),
    "suresh-2024": Work(
        "Suresh, Thangaraj and Khandavally",
        2024,
        "Rate of Model Collapse in Recursive Training",
        "AISTATS 2025, PMLR 258",
        _arxiv("2412.17646"),
    ),
    "szekely-2013": Work(
        "Székely and Rizzo",
        2013,
        "Energy Statistics: A Class of Statistics Based on Distances",
        "Journal of Statistical Planning and Inference 143",
    ),
}
