"""Text as documents, and documents as blocks of tokens.

documents    documents of a folder or file, with their splits
files        what a file holds: text, lines, rows
hub          data sets and files of a hub
fetch        a download with a checksum
split        training, validation and test documents
duplicates   documents that stand in one another
tokenisers   how a text gets its tokens: BytePair, learned from it; Pretrained, from files
pretrained   what those files mean: the tokens of AutoTokenizer
subwords     a tokeniser at work: texts to tokens and back
blocks       Corpus: the tokens of every split, cut into blocks
extras       the optional packages
"""
