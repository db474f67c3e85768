"""The variational autoencoder of Shumailov et al. (2024).

net          the network as a function of its weights
vae_learner  VAELearner
vae_model    a trained one, and its loss
"""
