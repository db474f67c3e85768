"""Write what type checkers read of the public names: python docs/generate_stub.py > STUB."""

import sys

import genloss


def stub() -> str:
    """Return src/genloss/__init__.pyi."""
    homes = sorted((module, name) for name, module in genloss._homes().items())
    return "\n".join(
        [
            '"""The public names and their homes; `make golden` writes them."""',
            "",
            *(f"from {module} import {name} as {name}" for module, name in homes),
            "",
            "__version__: str",
            "__all__: list[str]",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(stub())
