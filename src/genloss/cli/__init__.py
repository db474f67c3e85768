"""The command line: thin, every command a few lines over a library call.

main        the commands
corpus      commands on a corpus
upkeep      commands on runs that are there or at work
advise      how much real data is needed
asked       what its options ask
advice      how that is shown
advice_json  the same for scripts
folders     advice on several texts, compared
measured    a measured share of real rows, beside advice
options     what several commands take
console     tables and JSON as a person or a script wants them
exits       how a command ends: one line, one exit code
display     plans and verdicts in words
listing     runs and sweeps as `ls` lists them
run_tables  runs as `show` prints them
opening     what `show` prints first: question, answer, a matrix over runs
profiles    the profile of a run
beside      a run and its controls, as `show` prints them
progress    where a run is, for the waiting
waiting     what a command without steps does, and for how long
sweeps      a sweep from a spec or its folder, and what became of it
removal     what `genloss rm`, `gc` and `cancel` do and say
watch       where work of another process is
clusters    where blocks run, from the words of --on
forecast    what `genloss forecast` shows
durations   times, rates and sizes as people say them
escaping    text that cannot act on a terminal
verify      what `genloss verify` does and says
kinds       what `genloss kinds` shows
table       what `genloss table` does and says
"""

import sys

from genloss.errors import NO_WINDOWS

# Before any command is imported: their modules need what Windows lacks.
if sys.platform == "win32":
    sys.stderr.write(f"genloss: {NO_WINDOWS}\n")
    raise SystemExit(2)
