"""Small changes of the source, and which tests notice them.

changes  what a module may become by one change of its syntax tree
reach    which tests run which lines, and how long each takes
trials   tests run in a fork of this process, under limits of its own
"""
