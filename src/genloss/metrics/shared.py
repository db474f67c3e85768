"""What several metrics look at: rows of S_t, held-out rows, and the features of both."""

from genloss.core.arrays import Array, Floats
from genloss.core.features import ClassMap, FeatureMap, Features
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.view import NotApplicable, View, option_name


def samples_of(view: View, most: int) -> Samples | NotApplicable:
    """Return the first `most` rows of S_t (0: all) with their labels, or why there are none.

    An endless S_t is asked for `most` rows, once for all metrics that want as many.
    """
    data = view.samples
    if isinstance(data, Samples):
        return data.head(most) if 0 < most < data.n_rows else data
    if not isinstance(data, Source):
        return NotApplicable(f"{type(data).__name__} have no rows; use form = 'rows'")
    if not most:
        return NotApplicable("needs all rows of S_t, and endless data have no last; form = 'rows'")
    return view.once(("drawn", most), lambda: data.take(most, view.shared_rng("drawn")))


def rows_of(view: View, most: int) -> Array | NotApplicable:
    """Return the first `most` rows of S_t (0: all), or why there are none."""
    samples = samples_of(view, most)
    return samples if isinstance(samples, NotApplicable) else samples.x


def vectors_of(view: View, most: int) -> Floats | NotApplicable:
    """Return rows as `rows_of` does where they are real vectors (C, n, d)."""
    x = rows_of(view, most)
    if not isinstance(x, NotApplicable) and (x.ndim != 3 or x.dtype.kind != "f"):
        return NotApplicable(f"needs real vectors (C, n, d); rows have shape {x.shape}")
    return x


def beside_reality(view: View, most: int) -> tuple[Floats, Floats] | NotApplicable:
    """Return rows of S_t (C, n, d) and held-out rows (C, m, d), at most `most` of each."""
    x = vectors_of(view, most)
    if isinstance(x, NotApplicable):
        return x
    if view.held_out is None:
        return NotApplicable("no held-out rows; set held_out")
    return x, view.held_out[:, :most] if most else view.held_out


def map_of(view: View, features: Features) -> FeatureMap:
    """Return the feature map for this reality, learned once for all generations of the block."""
    return view.once_for_all(("map", features), lambda: features.learned(view.p_0))


def seen_beside_reality(
    view: View, features: Features, most: int
) -> tuple[Floats, Floats] | NotApplicable:
    """Return the features of S_t (C, n, k) and of held-out rows (C, m, k).

    Those of S_t are computed once per generation, those of held-out rows once per block.
    """
    rows = beside_reality(view, most)
    if isinstance(rows, NotApplicable):
        return rows
    (x, real), feature_map = rows, map_of(view, features)
    return (
        view.once(("features", features, most), lambda: feature_map.features(x)),
        view.once_for_all(("features", features, most), lambda: feature_map.features(real)),
    )


def classes_of(view: View, features: Features, most: int) -> Floats | NotApplicable:
    """Return the class probabilities of rows of S_t (C, n, K), computed once per generation."""
    x = vectors_of(view, most)
    if isinstance(x, NotApplicable):
        return x
    class_map = map_of(view, features)
    if not isinstance(class_map, ClassMap):
        return NotApplicable(
            f"{option_name(features)} knows no classes; use features = 'classifier'"
        )
    return view.once(("classes", features, most), lambda: class_map.class_probabilities(x))
