"""Causal language models on torch.

families    OPT, GPT-2 and Llama: parameter names as in their checkpoints, one common layout
decoder     the transformer as a function of its weights
checkpoint  config.json and safetensors, in and out
cache       keys and values: a prompt's once for all beams, those of what follows in slots
engine      a decoder that reads one token after another
scores      what is done to scores before a token is chosen
beam        beam search
sampling    draws by inverse distribution function
writer      Writer: prompts in, continuations out
objective   what is minimised: nats per token that has a context
portions    the loss of a batch, some rows at a time, in one process or several; room: how many fit
fitting     checks, feeds, held-out loss, chain after chain
causal      what learners share; launch, job, worker: a fit in several processes, by Accelerate
scoring     log-probabilities and entropies of rows; token_model: what trained models share
learner     TransformerLearner, and bases made from a text; model: what it learns
hub         where a base lies
modules     models of transformers as functions of their weights; adapters: LoRA beside them
hugging_face    HuggingFaceLearner; hugging_face_model: what it learns
"""
