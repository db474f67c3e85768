"""How much real data is needed: the smallest supply that holds a metric where it is wanted.

question   what is asked: a metric, a bound, a generation, of the mean or of a new chain
supplies   studies of k real rows a generation: as a share or a count; fresh, redrawn or kept
fields     studies that differ in one field of the spec
beside_control  targets beside what the learner reaches on real rows alone
exact      the answer of a closed form
as_asked   what the study reaches with its own regime, where the advice is on another
evidence   small runs of a sweep, and what they gave
curve      a line through the runs near the bound, where it crosses, and how sure that is
optimum    where a flat optimum lies, by common random numbers
search     which runs to make next
transfer   whether advice for one learner holds for another
frontier   risk against budget, at prices of real and synthetic rows
drawing    pictures of both
advice     all of it: one answer for each way to count
"""
