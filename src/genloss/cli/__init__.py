"""The command line: thin, every command a few lines over a library call.

main      the commands
console   tables, JSON, progress and errors as a person or a script wants them
"""
