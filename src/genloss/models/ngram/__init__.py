"""N-gram models of tokens.

ngram   NGramLearner, NGramModel: Kneser-Ney or add-k
counts  the tree of contexts
tables  its probabilities
draw    its compiled walks
"""
