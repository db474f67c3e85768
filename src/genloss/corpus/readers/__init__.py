"""Readers: from a file to rows of fields, one module for each way of writing them.

bounded      bytes, text and lines in constant memory: none too long, no bomb
byte_stream  the bytes of a file: opened, decompressed, decoded
fields       the text of a row: a column, a dotted path, the messages of a chat
rows         from a file of any of these to its documents
html_rows    pages of HTML: main content, and what they say of date, licence and consent
warc_rows    captures of a WARC file
consent      signals of consent to training: tags, headers, robots.txt, ai.txt
mail_rows    mbox files, maildirs and messages
mail_html    what programs put around others' words in HTML mail, taken out
mail_text    one's own words told from what is quoted and forwarded
whatsapp_rows  chats that WhatsApp exported as text
unknown_chats  text that looks like a chat in a form that is not known
chat_exports  chats that Telegram and Slack exported as JSON
special      which reader takes a file of these
found        what such a reader finds: rows, and what it could not read
arrow_rows   rows of Parquet and Arrow, a batch at a time; only the columns that are needed
csv_rows     rows of .csv and .tsv: a header, then one record a row; cells may hold line ends
json_values  values of JSON, in which no field of an object has two
json_array   the elements of an array of JSON, one at a time
json_rows    rows of JSON: one object a line, an array, or an object of columns
"""
