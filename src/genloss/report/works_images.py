"""Works on images: networks that learn them, data of them, scores of them."""

from collections.abc import Mapping

from genloss.report.work import Work, arxiv

IMAGES: Mapping[str, Work] = {
    "alpaydin-1998": Work(
        "Alpaydin and Kaynak",
        1998,
        "Optical Recognition of Handwritten Digits",
        "UCI Machine Learning Repository",
    ),
    "dowson-1982": Work(
        "Dowson and Landau",
        1982,
        "The Fréchet Distance between Multivariate Normal Distributions",
        "Journal of Multivariate Analysis 12",
    ),
    "heusel-2017": Work(
        "Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter",
        2017,
        "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
        "NeurIPS 2017",
    ),
    "ho-2020": Work(
        "Ho, Jain and Abbeel",
        2020,
        "Denoising Diffusion Probabilistic Models",
        "NeurIPS 2020",
    ),
    "ho-2022": Work(
        "Ho and Salimans",
        2022,
        "Classifier-Free Diffusion Guidance",
        "arXiv",
    ),
    "kingma-2013": Work(
        "Kingma and Welling",
        2013,
        "Auto-Encoding Variational Bayes",
        "ICLR 2014",
        arxiv("1312.6114"),
    ),
    "kynkaanniemi-2019": Work(
        "Kynkäänniemi, Karras, Laine, Lehtinen and Aila",
        2019,
        "Improved Precision and Recall Metric for Assessing Generative Models",
        "NeurIPS 2019",
        arxiv("1904.06991"),
    ),
    "lecun-1998": Work(
        "LeCun, Cortes and Burges", 1998, "The MNIST Database of Handwritten Digits", "data set"
    ),
    "lipman-2023": Work(
        "Lipman, Chen, Ben-Hamu, Nickel and Le",
        2023,
        "Flow Matching for Generative Modeling",
        "ICLR 2023",
    ),
    "naeem-2020": Work(
        "Naeem, Oh, Uh, Choi and Yoo",
        2020,
        "Reliable Fidelity and Diversity Metrics for Generative Models",
        "ICML 2020",
        arxiv("2002.09797"),
    ),
    "nichol-2021": Work(
        "Nichol and Dhariwal",
        2021,
        "Improved Denoising Diffusion Probabilistic Models",
        "ICML 2021",
    ),
    "song-2021": Work(
        "Song, Meng and Ermon",
        2021,
        "Denoising Diffusion Implicit Models",
        "ICLR 2021",
    ),
}
