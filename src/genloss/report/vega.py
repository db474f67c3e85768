"""Vega and vl-convert: loaded when charts are drawn; what a page says without them."""

import json

from genloss.core.extras import check_installed, optional
from genloss.errors import MissingExtra

VEGA_LITE = "6.4"
"""The version of Vega-Lite that the specs are written for."""


def charts_left_out() -> str:
    """Return why the charts of reports are left out, and what adds them; empty if they are not."""
    try:
        check_installed("vl_convert", "drawing charts")
    except MissingExtra as error:
        return str(error)
    return ""


def vega_script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that defines vegaEmbed; no imports.

    Without vl-convert, one whose vegaEmbed says in the place of every chart how to add it.
    """
    if why := charts_left_out():
        return f"globalThis.vegaEmbed = async () => {{ throw new Error({json.dumps(why)}); }};"
    script = str(optional("vl_convert", "a chart").javascript_bundle(vl_version=VEGA_LITE))
    # The page ends its script element at the first of these, wherever it stands.
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
