"""Thresholds for a scorer with stated promises, from human text whose origin is certain.

thresholds        the threshold and p-value of split-conformal prediction; how many texts it takes
guarantee         whether a promise holds on texts that are known to be human
units             one text for each source
lengths           words, bands of lengths, the length below which a score says nothing
calibration       the human scores of every group
calibration_file  calibration.json
answers           what a calibration says of a text
"""

from genloss.audit.conformal.calibration import Calibration
from genloss.audit.conformal.calibration_file import read_calibration

__all__ = ["Calibration", "read_calibration"]
