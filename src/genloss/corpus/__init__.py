"""Text as documents, and documents as blocks of tokens.

document        Document: one text, its source, who made it
record          the record of a text: id, dates, licence, origin, and how files become records
reading         read_corpus: from a file or folder to documents, split by split
inventory       every file of a folder: read into which split, or left out, and why
walk            the files below a folder, links followed
splits_by_name  the split that a file's name says
readers         from one file to rows: text, JSON, tables, Parquet, Arrow, compressed or not
twin_files      the same text under two suffixes
origins         what rows say of who made them
documents       the forms of documents: whole, WikiText, pieces; Python's own help
hub             data sets and files of a hub
fetch           a download with a checksum
split           training, validation and test documents
languages       which language a text is in
duplicates      documents that occur in one another
tokenisers      how a text gets its tokens: BytePair, learned from it; Pretrained, from files
pretrained      what those files mean: the tokens of AutoTokenizer
subwords        a tokeniser at work: texts to tokens and back
blocks          Corpus: the tokens of every split, cut into blocks
"""
