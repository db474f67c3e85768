"""Works on text: its models, how they are asked, what is counted in it."""

from collections.abc import Mapping

from genloss.report.work import Work, arxiv

LANGUAGE: Mapping[str, Work] = {
    "chen-1999": Work(
        "Chen and Goodman",
        1999,
        "An Empirical Study of Smoothing Techniques for Language Modeling",
        "Computer Speech and Language 13",
    ),
    "good-1953": Work(
        "Good",
        1953,
        "The Population Frequencies of Species and the Estimation of Population Parameters",
        "Biometrika 40",
    ),
    "guo-2023": Work(
        "Guo, Shang, Vazirgiannis and Clavel",
        2023,
        "The Curious Decline of Linguistic Diversity: Training Language Models on Synthetic Text",
        "arXiv",
        arxiv("2311.09807"),
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
    "keskar-2019": Work(
        "Keskar, McCann, Varshney, Xiong and Socher",
        2019,
        "CTRL: A Conditional Transformer Language Model for Controllable Generation",
        "arXiv",
    ),
    "kneser-1995": Work(
        "Kneser and Ney",
        1995,
        "Improved Backing-off for M-gram Language Modeling",
        "ICASSP 1995",
    ),
    "li-2016": Work(
        "Li, Galley, Brockett, Gao and Dolan",
        2016,
        "A Diversity-Promoting Objective Function for Neural Conversation Models",
        "NAACL 2016",
    ),
    "merity-2017": Work(
        "Merity, Xiong, Bradbury and Socher",
        2017,
        "Pointer Sentinel Mixture Models",
        "ICLR 2017",
        arxiv("1609.07843"),
    ),
    "papineni-2002": Work(
        "Papineni, Roukos, Ward and Zhu",
        2002,
        "BLEU: a Method for Automatic Evaluation of Machine Translation",
        "ACL 2002",
    ),
    "pillutla-2021": Work(
        "Pillutla, Swayamdipta, Zellers, Thickstun, Welleck, Choi and Harchaoui",
        2021,
        "MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers",
        "NeurIPS 2021",
    ),
    "sennrich-2016": Work(
        "Sennrich, Haddow and Birch",
        2016,
        "Neural Machine Translation of Rare Words with Subword Units",
        "ACL 2016",
        arxiv("1508.07909"),
    ),
    "su-2022": Work(
        "Su, Lan, Wang, Yogatama, Kong and Collier",
        2022,
        "A Contrastive Framework for Neural Text Generation",
        "NeurIPS 2022",
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
