"""Metrics as specs name them: thin bindings of the array functions to a View.

laws     of models and realities whose moments, mixture or density are known
rows     of rows beside held-out real rows
tokens   of categorical laws
modes    of realities with named modes
images   latents of p_1's encoder, FID; classes what a classifier of real rows sees;
         copies S_t beside its training rows; shared the rows and features they share
text     of generated text, and text_rows; text_models of language models, text_judged of text
         as p_1 or the pretrained model sees it
"""
