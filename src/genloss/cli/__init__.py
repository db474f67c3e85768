"""The command line: thin, every command a few lines over a library call.

main      the commands
console   tables and JSON as a person or a script wants them
leaving   how a command ends: one line, one exit code
shown     runs, plans and verdicts in words
progress  where a run is, for the waiting
words     times and rates as people say them
plain     text that cannot act on a terminal
checks    what `genloss verify` and `genloss table` do and say
"""
