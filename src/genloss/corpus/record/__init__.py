"""The record of a text: its id, and all that is known of where it came from (docs/record.md).

record     Record, Evidence, Generator; ids; what a corpus can be grouped by
dated      Dated: a date as an interval, with the grade of its evidence
line       a record as a line of JSON, and back, checked
field_map  which field of a row is which field of a record
from_row   from a row to a record
hub_cards  cards beside files, as evidence
licence    SPDX expressions
of_runs    what runs generated, as records
reading    read_records: files of any sort, one record at a time
cuts       where files of JSON lines are cut, also when they have grown
pieces     a corpus cut into pieces that are read apart
aside      what could not be read: counted, with file, line and reason
tracing    where a record is: in which files, as what, and which runs read it
writing    files of records, and the digests beside them
signing    signatures of digests, by ssh-keygen
verifying  the tampered, missing and malformed records of files, by name
"""
