"""What each metric means, in one line for a reader who has never seen it."""

MEANINGS = {
    "real_share": "How much of the training data of each generation is real.",
    "mean_error": "How far the mean has wandered from reality's.",
    "squared_mean_error": "How far the mean has wandered from reality's, squared.",
    "covariance_error": "How different the covariance is from reality's.",
    "trace_ratio": "Total variance of the model, as a share of reality's.",
    "determinant_ratio": "Volume that the model covers (covariance determinant) against reality's.",
    "sigma": "Standard deviation of the model, averaged over the coordinates.",
    "sigma_error": "How far the standard deviation is from reality's.",
    "w2_squared": "Squared Wasserstein-2 distance between model and reality, as Gaussians.",
    "w2": "Wasserstein-2 distance between model and reality, as Gaussians.",
    "second_moment": "Mean square distance of the model's rows from reality's mean.",
    "squared_l2": "Squared L2 distance between the densities of model and reality.",
    "smallest_component_std": "Width of the narrowest component of the mixture.",
    "largest_component_std": "Width of the widest component of the mixture.",
    "held_out_nll": "How surprised the model is by real rows that no generation trained on.",
    "sliced_wasserstein": "Distance between samples and reality, averaged over directions.",
    "energy_distance": "Energy distance between samples and reality; 0 for equal laws.",
    "mmd_squared": "Squared maximum mean discrepancy between samples and reality.",
    "precision": "Share of samples that fall where real data lie.",
    "recall": "Share of real data that fall where samples lie: what is still covered.",
    "density": "How densely samples sit around real data.",
    "coverage": "Share of real data with at least one sample near by.",
    "tail_mass": "Mass that the model leaves in reality's tails, against what reality has there.",
    "quantile_coverage": "Mass between reality's outer quantiles, against what belongs there.",
    "latent_spread": "Spread of generated images as the encoder of the first model sees them.",
    "latent_mean": "Mean of generated images as the encoder of the first model sees them.",
    "class_share": "Share of each class among generated images, as a classifier sees it.",
    "class_entropy": "How evenly generated images fall into the classes; 0 where one is left.",
    "confidence": "How sure a classifier of real data is of the samples, on average.",
    "label_accuracy": "Share of samples that look like the class they were asked for.",
    "acceptance_rate": "Share of the rows seen that the curator let in.",
    "shortfall": "Share of the rows asked for that the curator did not find.",
    "train_loss": "Training loss of the last epoch: how hard the data are to learn.",
    "fid": "Fréchet distance between features of samples and of held-out real data.",
    "nearest_train": "Distance of samples to the nearest training row, against new real data's.",
    "copy_rate": "Share of samples suspiciously near to a training row.",
    "perplexity": "How many tokens the model hesitates between on real test text.",
    "bits_per_byte": "Bits the model needs for a byte of real test text.",
    "predictive_entropy": "How undecided the model is about the next token of held-out text.",
    "low_perplexity_tail": "Texts more probable than nearly all real ones, against their share.",
    "high_perplexity_tail": "Texts less probable than nearly all real ones, against their share.",
    "distinct_n": "Different n-grams over all n-grams, at as many tokens as real text.",
    "type_token_ratio": "Different tokens over all tokens, at as many tokens as real text.",
    "surviving_vocabulary": "Share of real text's tokens that are still written.",
    "surviving_ngrams": "Share of real text's n-grams that are still written.",
    "good_turing_missing_mass": "Estimated mass of what the generated text does not show.",
    "rare_token_share": "Share of generated tokens that are among real text's rarest.",
    "compression_ratio": "How many times smaller text becomes when compressed.",
    "rarefied_types": "Different tokens to expect among a fixed number of generated ones.",
    "repetition": "Share of n-grams that repeat within a generated text.",
    "text_diversity": "Texts free of repeated 2-, 3- and 4-grams, multiplied.",
    "self_bleu": "How much generated texts repeat one another; higher is less varied.",
    "mauve": "Overlap of generated and held-out text by words and pairs; 1 is reality.",
    "duplicate_rows": "Share of generated texts that repeat an earlier one.",
    "empty_rows": "Share of generated texts that end at once.",
    "truncated_rows": "Share of generated texts that reach the greatest length without an end.",
    "mean_length": "Mean number of tokens of a generated text.",
    "sequence_perplexity": "How surprising each generated text is: tame ones low, odd ones high.",
    "vendi_score": "Effective number of different rows among the samples.",
    "duplicate_rate": "Share of samples that repeat another one.",
    "entropy": "Entropy of the model over its symbols.",
    "entropy_ratio": "Entropy of the model, as a share of reality's.",
    "collision_probability": "Chance that two draws are the same symbol; 1 is total collapse.",
    "diversity": "Chance that two draws differ; 0 is total collapse.",
    "surviving_symbols": "Number of symbols that the model can still produce.",
    "surviving_fraction": "Share of reality's symbols that the model can still produce.",
    "zero_proportion": "Share of symbols that the model has lost.",
    "support_loss": "Mass of reality on symbols that the model can no longer produce.",
    "forward_kl": "KL divergence from reality to model (smoothed): blind spots cost most.",
    "backward_kl": "KL divergence from model to reality (smoothed): inventions cost most.",
    "rare_mass": "Mass that the model leaves on reality's rarest symbols, against reality's.",
    "symbol_probability": "Probability of one symbol; its mean over chains never changes.",
    "surviving_modes": "Number of reality's modes that still receive samples.",
    "average_modal_variance": "Variance within the modes that are still alive.",
    "mode_share": "Share of samples in one mode.",
}

TITLES = {
    "fid": "FID, Fréchet distance of features",
    "nearest_train": "Distance to the nearest training row",
    "mauve": "MAUVE-style area",
    "self_bleu": "Self-BLEU",
    "distinct_n": "Distinct n-grams",
    "surviving_ngrams": "Surviving n-grams",
    "w2": "Wasserstein-2 distance",
    "w2_squared": "Squared Wasserstein-2 distance",
    "squared_l2": "Squared L2 distance of densities",
    "held_out_nll": "Held-out negative log-likelihood",
    "mmd_squared": "Squared MMD",
    "forward_kl": "KL divergence, reality to model",
    "backward_kl": "KL divergence, model to reality",
    "smallest_component_std": "Narrowest component",
    "largest_component_std": "Widest component",
    "sliced_wasserstein": "Sliced Wasserstein distance",
    "sigma": "Standard deviation",
    "sigma_error": "Error of the standard deviation",
    "mean_error": "Error of the mean",
    "squared_mean_error": "Squared error of the mean",
}


def base_name(metric: str) -> str:
    """Return a metric's name without its options: 'tail_mass(q=0.01)' is tail_mass."""
    return metric.partition("(")[0]


def options_of(metric: str) -> dict[str, str]:
    """Return a metric's options as they stand: 'tail_mass(q=0.01)' has {'q': '0.01'}."""
    inside = metric.partition("(")[2].removesuffix(")")
    parts, depth = [""], 0
    for c in inside:
        # A comma inside brackets belongs to the value of an option.
        depth += (c in "([{") - (c in ")]}")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    pairs = (part.strip().partition("=") for part in parts if part.strip())
    return {name: value for name, _, value in pairs}


def title_of(metric: str) -> str:
    """Return a metric's heading, with its options as they stand."""
    name, bracket, options = metric.partition("(")
    plain = TITLES.get(name, name.replace("_", " ").capitalize())
    options = options.replace("under=base", "under the base")
    return f"{plain} ({options}" if bracket else plain


def meaning_of(metric: str) -> str:
    """Return one line on what a metric measures, or nothing for one that is not known here."""
    return MEANINGS.get(base_name(metric), "")
