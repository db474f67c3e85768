"""The page on a corpus, from audit.json and nothing else.

cards      cards of a corpus, filled from its audit
page       the numbers of an audit in, one HTML file out
sentences  what the numbers say, in a few plain sentences
shares     shares, intervals and dates as readers see them
"""
