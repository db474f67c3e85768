"""Text as p_0: documents, split before they are cut into blocks of tokens.

files        files, read row by row: plain, JSON lines, Parquet, compressed or not
documents    whole texts: of files, of WikiText, of Python's own help
hub          the Hugging Face hub, and what to do offline
split        train, validation and test, by document
duplicates   copies: the share of a document's five-word rows that stand elsewhere too
tokenisers   BytePair, learned from the training split; Pretrained, from files of a model
corpus       streams and blocks of tokens, and a summary of them
rows         TextRows: blocks that are handed out once each, and run dry
texts        Texts and HubTexts, the recipes
extras       optional dependencies
"""
