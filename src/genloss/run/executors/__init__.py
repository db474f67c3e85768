"""Where tasks run.

executor   the protocol
here       in this process, one task after another
processes  in worker processes of this machine
"""
