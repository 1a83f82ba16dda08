"""Areas and products under one name, as a notebook asks for them.

:mod:`tradeflows.model.areas` has those of areas, :mod:`tradeflows.model.products` of products.
"""

from tradeflows.model.areas import *  # noqa: F403
from tradeflows.model.products import *  # noqa: F403
