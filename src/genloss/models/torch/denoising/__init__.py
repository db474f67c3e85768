"""Models that walk from noise to data.

schedules, processes   noise schedules, straight paths, and the walk
nets, unet             the networks
data, recipe           their batches; what is trained and how
model                  a trained one, drawn with any steps, eta and guidance
learner                what both learners share
diffusion, flow        DiffusionLearner (Ho et al. 2020) and FlowLearner (Lipman et al. 2023)
"""
