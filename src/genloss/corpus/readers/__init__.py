"""Readers: from a file to rows of fields, one module for each way of writing them.

bounded      lines in constant memory: none too long, no bomb
byte_stream  the bytes of a file: opened, decompressed, decoded
fields       the text of a row: a column, a dotted path, the messages of a chat
rows         from a file of any of these to its documents
arrow_rows   rows of Parquet and Arrow, a batch at a time; only the columns that are needed
csv_rows     rows of .csv and .tsv: a header, then one record a row; cells may hold line ends
json_rows    rows of JSON: one object a line, an array, or an object of columns
"""
