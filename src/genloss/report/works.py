"""The works that a report may cite: on collapse, on laws, and on what is generated."""

from collections.abc import Mapping

from genloss.report.work import Work, arxiv, doi
from genloss.report.works_images import IMAGES
from genloss.report.works_language import LANGUAGE

COLLAPSE: Mapping[str, Work] = {
    "alemohammad-2023": Work(
        "Alemohammad, Casco-Rodriguez, Luzi, Humayun, Babaei, LeJeune, Siahkoohi and Baraniuk",
        2023,
        "Self-Consuming Generative Models Go MAD",
        "ICLR 2024",
        arxiv("2307.01850"),
    ),
    "bohacek-2023": Work(
        "Bohacek and Farid",
        2023,
        "Nepotistically Trained Generative Image Models Collapse",
        "ICLR 2025 workshop",
        arxiv("2311.12202"),
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
        arxiv("2410.04840"),
    ),
    "friedman-2023": Work(
        "Friedman and Dieng",
        2023,
        "The Vendi Score: A Diversity Evaluation Metric for Machine Learning",
        "Transactions on Machine Learning Research",
        arxiv("2210.02410"),
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
        arxiv("2404.01413"),
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
        arxiv("2410.16713"),
    ),
    "kullback-1951": Work(
        "Kullback and Leibler",
        1951,
        "On Information and Sufficiency",
        "The Annals of Mathematical Statistics 22",
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
        arxiv("2404.05090"),
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
        doi("10.1038/s41586-024-07566-y"),
    ),
    "suresh-2024": Work(
        "Suresh, Thangaraj and Khandavally",
        2024,
        "Rate of Model Collapse in Recursive Training",
        "AISTATS 2025, PMLR 258",
        arxiv("2412.17646"),
    ),
    "szekely-2013": Work(
        "Székely and Rizzo",
        2013,
        "Energy Statistics: A Class of Statistics Based on Distances",
        "Journal of Statistical Planning and Inference 143",
    ),
}
"""Collapse itself, and the statistics of laws and samples."""

WORKS: Mapping[str, Work] = {**COLLAPSE, **IMAGES, **LANGUAGE}
