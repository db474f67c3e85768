"""Models that walk from noise to data.

data            scale, classes and noisy batches of training rows
denoised_model  a trained diffusion or flow model
denoiser        what both learners share
diffusion       DiffusionLearner (Ho et al. 2020)
flow            FlowLearner (Lipman et al. 2023)
nets            networks as functions of their weights
processes       what a network predicts, and how a draw is made of it
recipe          how both are trained
schedules       noise schedules, and the walk from noise to data
unet            a small U-Net for grey images
"""
