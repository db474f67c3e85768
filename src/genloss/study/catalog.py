"""The names that specs may use, by role, and the class behind each.

A line here is all that a new class needs. A spec may also name a class directly, as
"package.module:Class".
"""

from collections.abc import Mapping

CATALOG: Mapping[str, Mapping[str, str]] = {
    "reality": {
        "gaussian": "genloss.realities.gaussians:Gaussian",
    },
    "learner": {
        "gaussian": "genloss.models.gaussian:GaussianLearner",
        "categorical": "genloss.models.categorical:CategoricalLearner",
        "kde": "genloss.models.kde:KDELearner",
        "mixture": "genloss.models.mixture:MixtureLearner",
    },
    "regime": {
        "replace": "genloss.core.regimes:Replace",
        "replace_multiple": "genloss.core.regimes:ReplaceMultiple",
        "accumulate": "genloss.core.regimes:Accumulate",
        "accumulate_subsample": "genloss.core.regimes:AccumulateSubsample",
        "mix": "genloss.core.regimes:Mix",
        "fresh": "genloss.core.regimes:Fresh",
        "augment": "genloss.core.regimes:Augment",
        "window": "genloss.core.regimes:Window",
        "static_contamination": "genloss.core.regimes:StaticContamination",
    },
    "sampler": {
        "ancestral": "genloss.core.samplers:Ancestral",
        "shrinkage": "genloss.core.samplers:Shrinkage",
    },
    "form": {
        "rows": "genloss.core.forms:Rows",
        "moments": "genloss.core.forms:AsMoments",
        "counts": "genloss.core.forms:AsCounts",
        "endless": "genloss.core.forms:Endless",
    },
    "metric": {
        "real_share": "genloss.metrics.suite:RealShare",
    },
}
