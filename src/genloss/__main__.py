"""`python -m genloss`."""

from genloss.cli.main import run

if __name__ == "__main__":
    run()
