"""Readers: from a file to rows of fields, one module for each way of writing them.

plain   the bytes of a file: opened, decompressed, decoded
lines   JSON: lines, arrays, columns
csv     tables of text with a header
arrow   Parquet and Arrow
fields  the text of a row: a column, a dotted path, the messages of a chat
rows    from a file of any of these to its documents
"""
