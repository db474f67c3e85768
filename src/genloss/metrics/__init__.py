"""Metrics: what a spec may name, each a thin binding of an array function to a View.

laws         of the model's law: moments, sigma, Wasserstein, components, held-out likelihood
rows         of rows beside held-out real ones
tokens       of symbols and their probabilities
novelty      of novelty: generated rows unlike anything real
modes        of laws with named modes
regression   of models that predict a response
training     of the fit itself
makers       of each of several makers
features     Pixels, the plainest feature map
shared       rows and features that several metrics look at
arrays       the pure array functions behind them
classes      of classes, as a classifier of real rows sees them
copies       of copies: generated rows beside training rows
curation     of the curator: what it accepts, of whose rows, how rare ones, why not
images       of images: latents of p_1's encoder, distance of features
text         of generated text at equal numbers of tokens
text_judged  of generated text under p_1 or the base model
text_languages  of languages, in generated text and in p_t
text_models  of language models on real text
text_rows    of generated rows: repetition, ends, lengths
"""
