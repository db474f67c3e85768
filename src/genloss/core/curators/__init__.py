"""Curators: which rows may enter the training data? Filters inside the recursion.

selection   what a curator is, and what it decides
rounds      from decisions to rows, in rounds, and what became of all
reference   what a curator may look at beside the rows
rarity      how rare a row is in reality, from 0 (most typical) to 1
dial        rates that rise with rarity and keep their mean
chance      curators that ask nothing but chance or origin
detector    a detector of generated rows with dialled errors, with or without a tilt
scores      by what rows are valued
responses   scores of rows with a response
share       checks of rates and shares
band        rows neither too likely nor too unlikely
duplicates  rows that are there already
near_duplicates  texts that are nearly there already
resampling  rows drawn again by what a detector says of them
taught      a detector that has learned something, on rows of text
verifier    a verifier that errs
choice      curators that choose the best rows, or any, or the better the likelier
"""
