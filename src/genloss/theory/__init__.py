"""Closed forms of model collapse: test oracles, and the dashed lines of figures.

Everything here is a pure function of plain numbers. Generation `t` counts fits: `t = 0` is reality,
`p_1` is fitted to the real rows `S_0`, and `p_t` to whatever its regime hands it. Results have the
shape of `t`.

| file | what it holds |
|---|---|
| `moments` | exact error of mu_t and E[Sigma_t] of any plug-in model, synthetic regimes |
| `anchored` | the same when real rows stay: fresh, mix, augment; their limits |
| `shares` | the same when real rows enter by chance, or count by weight or depth |
| `moving` | a reality that moves: old clean rows against fresh contaminated ones |
| `gaussian` | the Gaussian chain: variance of a sample, expected sigma, W2 risk |
| `spread_law` | the Gaussian chain: determinants, typical sigma, its quantiles |
| `scatter` | the Gaussian chain: exact variance over chains of the two moments (standard errors) |
| `discrete` | the categorical chain: collision probability, lost states, diffusion, entropy |
| `fixation` | the categorical chain exactly: survival, time to total collapse |
| `survival` | Suresh et al. (2024): how many generations a word, a symbol or a sigma survives |
| `weighting` | real against synthetic rows: the optimal weight and what it buys |
| `regression` | linear regression: replace, accumulate, token-edited data |
| `logistic` | logistic regression: discard, augment, to first order |
| `verification` | a verifier that errs, before a linear classifier: its threshold, and its width |
| `contamination` | floors that more data do not lower: a fixed foreign law, a cut tail |
| `filters` | filters whose errors tilt: what they leave of reality's tail |
| `arguments` | the checks that the others share |
"""
