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
    "bohacek-2023": Work(
        "Bohacek and Farid",
        2023,
        "Nepotistically Trained Generative Image Models Collapse",
        "ICLR 2025 workshop",
        _arxiv("2311.12202"),
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
    "chen-1999": Work(
        "Chen and Goodman",
        1999,
        "An Empirical Study of Smoothing Techniques for Language Modeling",
        "Computer Speech and Language 13",
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
    "dowson-1982": Work(
        "Dowson and Landau",
        1982,
        "The Fréchet Distance between Multivariate Normal Distributions",
        "Journal of Multivariate Analysis 12",
    ),
    "friedman-2023": Work(
        "Friedman and Dieng",
        2023,
        "The Vendi Score: A Diversity Evaluation Metric for Machine Learning",
        "Transactions on Machine Learning Research",
        _arxiv("2210.02410"),
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
    "good-1953": Work(
        "Good",
        1953,
        "The Population Frequencies of Species and the Estimation of Population Parameters",
        "Biometrika 40",
    ),
    "gretton-2012": Work(
        "Gretton, Borgwardt, Rasch, Schölkopf and Smola",
        2012,
        "A Kernel Two-Sample Test",
        "Journal of Machine Learning Research 13",
    ),
    "guo-2023": Work(
        "Guo, Shang, Vazirgiannis and Clavel",
        2023,
        "The Curious Decline of Linguistic Diversity: Training Language Models on Synthetic Text",
        "arXiv",
        _arxiv("2311.09807"),
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
    "holtzman-2020": Work(
        "Holtzman, Buys, Du, Forbes and Choi",
        2020,
        "The Curious Case of Neural Text Degeneration",
        "ICLR 2020",
    ),
    "hurlbert-1971": Work(
        "Hurlbert",
        1971,
        "The Nonconcept of Species Diversity: A Critique and Alternative Parameters",
        "Ecology 52",
    ),
    "kazdan-2024": Work(
        "Kazdan, Schaeffer, Dey, Gerstgrasser, Rafailov, Donoho and Koyejo",
        2024,
        "Collapse or Thrive? Perils and Promises of Synthetic Data in a Self-Generating World",
        "arXiv",
        _arxiv("2410.16713"),
    ),
    "keskar-2019": Work(
        "Keskar, McCann, Varshney, Xiong and Socher",
        2019,
        "CTRL: A Conditional Transformer Language Model for Controllable Generation",
        "arXiv",
    ),
    "kingma-2013": Work(
        "Kingma and Welling",
        2013,
        "Auto-Encoding Variational Bayes",
        "ICLR 2014",
        _arxiv("1312.6114"),
    ),
    "kneser-1995": Work(
        "Kneser and Ney",
        1995,
        "Improved Backing-off for M-gram Language Modeling",
        "ICASSP 1995",
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
    "li-2016": Work(
        "Li, Galley, Brockett, Gao and Dolan",
        2016,
        "A Diversity-Promoting Objective Function for Neural Conversation Models",
        "NAACL 2016",
    ),
    "lipman-2023": Work(
        "Lipman, Chen, Ben-Hamu, Nickel and Le",
        2023,
        "Flow Matching for Generative Modeling",
        "ICLR 2023",
    ),
    "merity-2017": Work(
        "Merity, Xiong, Bradbury and Socher",
        2017,
        "Pointer Sentinel Mixture Models",
        "ICLR 2017",
        _arxiv("1609.07843"),
    ),
    "naeem-2020": Work(
        "Naeem, Oh, Uh, Choi and Yoo",
        2020,
        "Reliable Fidelity and Diversity Metrics for Generative Models",
        "ICML 2020",
        _arxiv("2002.09797"),
    ),
    "nichol-2021": Work(
        "Nichol and Dhariwal",
        2021,
        "Improved Denoising Diffusion Probabilistic Models",
        "ICML 2021",
    ),
    "papineni-2002": Work(
        "Papineni, Roukos, Ward and Zhu",
        2002,
        "BLEU: a Method for Automatic Evaluation of Machine Translation",
        "ACL 2002",
    ),
    "pedregosa-2011": Work(
        "Pedregosa and others",
        2011,
        "Scikit-learn: Machine Learning in Python",
        "Journal of Machine Learning Research 12",
    ),
    "pillutla-2021": Work(
        "Pillutla, Swayamdipta, Zellers, Thickstun, Welleck, Choi and Harchaoui",
        2021,
        "MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers",
        "NeurIPS 2021",
    ),
    "seddik-2024": Work(
        "Seddik, Chen, Hayou, Youssef and Debbah",
        2024,
        "How Bad is Training on Synthetic Data? A Statistical Analysis of Language Model Collapse",
        "COLM 2024",
        _arxiv("2404.05090"),
    ),
    "sennrich-2016": Work(
        "Sennrich, Haddow and Birch",
        2016,
        "Neural Machine Translation of Rare Words with Subword Units",
        "ACL 2016",
        _arxiv("1508.07909"),
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
    "song-2021": Work(
        "Song, Meng and Ermon",
        2021,
        "Denoising Diffusion Implicit Models",
        "ICLR 2021",
    ),
    "su-2022": Work(
        "Su, Lan, Wang, Yogatama, Kong and Collier",
        2022,
        "A Contrastive Framework for Neural Text Generation",
        "NeurIPS 2022",
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
    "welleck-2020": Work(
        "Welleck, Kulikov, Roller, Dinan, Cho and Weston",
        2020,
        "Neural Text Generation with Unlikelihood Training",
        "ICLR 2020",
    ),
    "wolf-2020": Work(
        "Wolf and others",
        2020,
        "Transformers: State-of-the-Art Natural Language Processing",
        "EMNLP 2020, demonstrations",
    ),
    "zhang-2022": Work(
        "Zhang and others",
        2022,
        "OPT: Open Pre-trained Transformer Language Models",
        "arXiv",
    ),
    "zhu-2018": Work(
        "Zhu and others",
        2018,
        "Texygen: A Benchmarking Platform for Text Generation Models",
        "SIGIR 2018",
    ),
}
