"""Causal language models on torch.

families             OPT, GPT-2 and Llama: parameter names as in their checkpoints, one common
                     layout
decoder              the transformer as a function of its weights
detection            scorers of text: perplexity, curvature, watermarks
products             products with matrices that are read many times
checkpoint           config.json and safetensors, in and out
modules              models of transformers as functions of their weights
writing              from prompts to continuations: beam search, sampling
tuning               from rows to weights: memory, several processes
scoring              log-probabilities and entropies of rows
causal               what learners share
hugging_face         HuggingFaceLearner: any causal model of transformers
adapters             LoRA beside them
base                 a base as transformers loads it
start_token          the token before every row and prompt
gguf                 a GGUF file becomes a folder of safetensors
hub                  where a base lies: a folder or a name on the hub
hugging_face_model   what it learns
objective            the loss: nats per token that has a context
tensors              the tensors of a saved model, under the names of its family
token_model          what trained models share
transformer_learner  TransformerLearner: our own decoder
transformer_model    what it learns
truncated_learner    TruncatedLearner: one that does not learn from what it is sure of
"""
