"""Metrics as specs name them: thin bindings of the array functions to a View.

laws     of models and realities whose moments, mixture or density are known
rows     of rows beside held-out real rows
tokens   of categorical laws
modes    of realities with named modes
images, classes, copies   of images: features, classes, nearest training image; shared feeds them
text, text_rows           of generated text; text_models of language models
"""
