"""Where tasks run.

executor    the protocol
here        in this process, one task after another
processes   in worker processes of this machine
ray         on the nodes of a cluster
ray_worker  what runs on such a node
ray_head    whether the head of a cluster is there
ray_board   where those who work there say where they are
agreement   the software that machines must have in common
"""
