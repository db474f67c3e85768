"""Metrics: what a spec may name, each a thin binding of an array function to a View.

laws          of the model's law: moments, sigma, Wasserstein, components, held-out likelihood
rows          of rows beside held-out real ones
tokens        of symbols and their probabilities
modes         of laws with named modes
images, classes, copies   of images through feature maps
text, text_rows, text_models, text_judged   of generated text
training      of the fit itself
features      Pixels, the plainest feature map
shared        rows and features that several metrics look at
arrays/       the pure array functions behind them
"""
