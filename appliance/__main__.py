# SPDX-License-Identifier: Apache-2.0
"""`python -m appliance` is the command `appliance`."""

import sys

from appliance.cli import main

sys.exit(main())
