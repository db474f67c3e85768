"""A counted rate, corrected for the error rates of what counted."""

from genloss.errors import SpecError


def rogan_gladen(observed: float, false_positives: float, false_negatives: float) -> float:
    """The true share behind an observed one: (observed - fpr) / (1 - fpr - fnr), within [0, 1].

    Rates are taken as exact; an interval needs the texts that they were measured on (`pair`).
    Source: Rogan and Gladen 1978, American Journal of Epidemiology 107.

    Raises:
        SpecError: rates outside [0, 1], or that add up to 1 or more, so that nothing is told.
    """
    rates = {
        "observed": observed,
        "false positives": false_positives,
        "false negatives": false_negatives,
    }
    for name, rate in rates.items():
        if not 0 <= rate <= 1:
            raise SpecError(f"the rate of {name} is {rate:g}; expected 0 to 1, such as 0.042")
    power = 1 - false_positives - false_negatives
    if power <= 0:
        raise SpecError(
            f"false positives {false_positives:g} and false negatives {false_negatives:g} add up "
            "to 1 or more; expected a detector better than chance; try another threshold"
        )
    return min(1.0, max(0.0, (observed - false_positives) / power))
