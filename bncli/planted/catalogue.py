"""Every planted fault, in the order of the rules."""

from __future__ import annotations

from bncli.planted.broken_values import BROKEN_VALUES
from bncli.planted.deployment_risks import DEPLOYMENT_RISKS
from bncli.planted.missing_updates import MISSING_UPDATES
from bncli.planted.odd_channels import ODD_CHANNELS
from bncli.planted.wrong_settings import WRONG_SETTINGS

FAULTS = (*BROKEN_VALUES, *MISSING_UPDATES, *ODD_CHANNELS, *DEPLOYMENT_RISKS, *WRONG_SETTINGS)
