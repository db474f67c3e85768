"""The recursion by hand: no folder, no spec, only the loop."""

from itertools import islice

import genloss

streams = genloss.Streams(seed=0)
form = genloss.Rows()
p_0 = genloss.TwoMoons(noise=0.1).realise(8, streams.rng(0, "realise"))
zero = genloss.generation_zero(p_0, form, n_real=300, streams=streams)
chain = genloss.run_chain(
    p_0,
    genloss.KDELearner(bandwidth=0.2),
    genloss.Fresh(n_real=30),
    sampler=genloss.Ancestral(),
    form=form,
    n_synthetic=270,
    streams=streams,
    after=zero.history,
)
for generation in islice(chain, 20):
    real = (generation.train.origin == 0).mean()
    spread = generation.samples.x.var(axis=1).sum(axis=1).mean()
    print(f"generation {generation.t:2}: {real:4.0%} real rows, variance of samples {spread:.3f}")
