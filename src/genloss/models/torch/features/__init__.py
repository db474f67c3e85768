"""Feature extractors through which images are compared.

classifier     trained on the real images; classifier_net: its network, classifier_store: its cache
vision         any vision model of transformers; preparation: what images go through before it
"""
