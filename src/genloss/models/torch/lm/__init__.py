"""Causal language models on torch.

families    OPT, GPT-2 and Llama: parameter names as in their checkpoints, one common layout
decoder     the transformer as a function of its weights
checkpoint  config.json and safetensors, in and out; hub: where a base lies
modules     models of transformers as functions of their weights; adapters: LoRA beside them
writing     from prompts to continuations: beam search, sampling
tuning      from rows to weights: objective, memory, several processes
scoring     log-probabilities and entropies of rows; token_model: what trained models share
causal      what learners share
learner     TransformerLearner, and bases made from a text; model: what it learns
hugging_face    HuggingFaceLearner; hugging_face_model: what it learns
"""
