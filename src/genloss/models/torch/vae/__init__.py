"""The variational autoencoder of Shumailov et al. (2024).

net         the network as a function of its weights
model       a trained one, and its loss
learner     how it is trained
"""
