"""The optional dependencies, loaded when a report is made and not before."""

from importlib import import_module
from types import ModuleType

from genloss.errors import MissingExtra

VEGA_LITE = "6.4"
"""The version of Vega-Lite that the specs are written for."""


def optional(module: str) -> ModuleType:
    """Import a module of the extra `report`; raises MissingExtra where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"a report needs {module.split('.')[0]}, which is not installed; "
            "pip install 'genloss[report]'"
        ) from error


def vega_script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that defines vegaEmbed; no imports.

    Raises:
        MissingExtra: vl-convert is not installed.
    """
    script = str(optional("vl_convert").javascript_bundle(vl_version=VEGA_LITE))
    # The page ends its script element at the first of these, wherever it stands.
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
