"""Figures copied from public statistics and publications: one tidy CSV in, rows of a table out.

Every function named here is a cleaner: it takes the file and its catalogue entry, and yields
:class:`~tradeflows.publishers.Part`. A cleaner may rename, type, scale to whole units (thousand
dollars to dollars, tonnes to kilograms) and turn "not published" into null. It does not convert
currencies, add up, fill or drop. Each file has a fixed header; another header, a number that is
text, a month that does not exist or an unknown code is a :class:`LayoutError` or
:class:`CodeError` that names the record.
"""

from tradeflows.publishers.transcribed.figures import odni_claims, published_figures
from tradeflows.publishers.transcribed.money import (
    cbr_settlement_shares,
    eia_brent,
    fx_monthly,
    moex_turnover,
    settlement_statements,
    swift_rmb_share,
)
from tradeflows.publishers.transcribed.trade import (
    baci_china_russia,
    bruegel_gas_by_route,
    comext_energy,
    comtrade_china_russia_totals,
    comtrade_drone_exports,
    comtrade_energy_from_russia,
    dgcis_by_fiscal_year,
    eu_pipeline_gas_bounds,
    gacc_china_russia_trade,
    gacc_energy_from_russia,
    gacc_energy_from_world,
    mgimo_oil_gas,
    nrg_ti_by_partner,
    nrg_ti_coifpm_total,
    nrg_ti_gas_from_russia,
    rus_customs_by_partner,
    transit_trade,
)

__all__ = [
    "baci_china_russia",
    "bruegel_gas_by_route",
    "cbr_settlement_shares",
    "comext_energy",
    "comtrade_china_russia_totals",
    "comtrade_drone_exports",
    "comtrade_energy_from_russia",
    "dgcis_by_fiscal_year",
    "eia_brent",
    "eu_pipeline_gas_bounds",
    "fx_monthly",
    "gacc_china_russia_trade",
    "gacc_energy_from_russia",
    "gacc_energy_from_world",
    "mgimo_oil_gas",
    "moex_turnover",
    "nrg_ti_by_partner",
    "nrg_ti_coifpm_total",
    "nrg_ti_gas_from_russia",
    "odni_claims",
    "published_figures",
    "rus_customs_by_partner",
    "settlement_statements",
    "swift_rmb_share",
    "transit_trade",
]
