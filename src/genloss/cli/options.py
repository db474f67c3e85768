"""The options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Root = Annotated[Path, typer.Option("--root", help="Folder that holds the runs.")]
Workers = Annotated[int, typer.Option(help="Processes; 0 for one per core.", min=0)]
Scale = Annotated[
    str, typer.Option(help="smoke (seconds), laptop (minutes), paper; some: pretrained (hours).")
]
Overrides = Annotated[
    list[str] | None, typer.Argument(help="key=value overrides, such as n_real=500 learner.ddof=0.")
]
Model = Annotated[
    str,
    typer.Option(
        help="For text: the language model to fine-tune: a folder, a GGUF file, a hub name or "
        "smollm2-135m, which `genloss fetch` gets."
    ),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Start another folder if your own classes' code changed.")
]
SameCode = Annotated[
    bool, typer.Option("--same-code", help="Go on although their code changed; record both.")
]
Elsewhere = Annotated[
    bool, typer.Option("--elsewhere", help="Go on with what another machine began; record it.")
]
Trust = Annotated[bool, typer.Option("--trust", help="Run the code that a folder names.")]
NoControls = Annotated[
    bool, typer.Option("--no-controls", help="Run no controls, which see real rows alone.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Remove it, instead of only saying so.")]
Vary = Annotated[
    list[str] | None, typer.Option(help="KEY=LIST to vary too, such as n_real=50,100; seeds=8.")
]
TensorBoard = Annotated[
    Path | None, typer.Option(help="Also write what is measured here, for TensorBoard.")
]
On = Annotated[
    str, typer.Option(help="A Ray cluster: ray (on this machine), HOST:PORT or ray://HOST:PORT.")
]
Cpus = Annotated[float | None, typer.Option(help="Of a block, with --on; else 1.", min=0.01)]
Gpus = Annotated[float | None, typer.Option(help="Of a block, with --on; else none.", min=0)]
Memory = Annotated[str, typer.Option(help="Of a block, with --on, such as 4GB.")]
Store = Annotated[
    str, typer.Option(help="Bucket that its nodes share instead of a path: s3://BUCKET/PREFIX.")
]

RUNS = Path("runs")
"""Where runs lie, unless a command is told otherwise."""
