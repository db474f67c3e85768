"""The recursion and the roles around it; numpy only.

samples          Samples: rows with origin and weight
statistics       Moments and Counts: sufficient statistics that concatenate like rows
source           Source: endless data, drawn from models on demand
forms            which of these three the chain carries
roles            Model, Learner, Sampler, Form, Regime: what each part must offer
streams          named random streams
regimes          what generation t trains on
real_only        the regime of controls: real rows alone
shares           how much real and generated rows count: by chance, weight, depth
moving           a regime in a world that moves on
web              the regime of a web, which people go on filling
editing          real rows of which a model rewrites some
hybrid           spans of one kind in rows of the other
samplers         how rows are drawn from a model
decoding         how a language model writes text
text             rows of tokens, and what text needs of realities and models
view             what a metric may look at, and what it answers
features         the space in which rows are compared
scorer           how machine-like a text looks
chain            the loop itself
abilities        what some models and learners can do beside their role
about            what a class says of itself: short name, title, meaning, works
arrays           checks of arrays, counts and fractions
bases            pretrained models: by folder, by name, by GGUF file
chain_quantiles  quantiles over chains
numbers          checks of single numbers, such as options
code             whose code made a run, as far as it is not ours
curators         which rows may enter the next training sets
extras           optional packages: which is missing, for what
over_chains      which number over the chains of a metric a target or theory line is about
parsing          why a text cannot be parsed, in plain words
consent          whether code of others may be imported
places           the cache, and other places on this machine
progress         how far a long computation is
resources        free memory, and errors that say what is lacking
"""
