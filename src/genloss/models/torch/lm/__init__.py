"""Causal language models on torch.

families    OPT, GPT-2 and Llama: parameter names as in their checkpoints, one common layout
decoder     the transformer as a function of its weights
checkpoint  config.json and safetensors, in and out
cache       keys and values: the prompt's once, those of all beams in one buffer
scores      what is done to scores before a token is chosen
beam        beam search
sampling    draws by inverse distribution function
writer      Writer: prompts in, continuations out
"""
