"""Cards of a corpus, filled from the numbers of its audit; what was not measured is marked.

facts      what an audit and the files say, as cards need it
hub_card   a card with the head that hubs read
croissant  Croissant: data set, record set, fields, and the lineage of rows
summaries  public summaries: AI Act of the EU, AB 2013 of California
lineage    PROV, in-toto and OpenLineage
"""
