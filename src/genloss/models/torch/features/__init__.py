"""Feature extractors through which images are compared.

classifier        a classifier trained on the real images
vision            any vision model of transformers
classifier_net    its network
classifier_store  its cache
preparation       what images go through before it
"""
