"""What everything else stands on: errors, the contracts of the tables, codes, periods, lineage."""
