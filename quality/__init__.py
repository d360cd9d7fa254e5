"""The pricewatch library: panels of daily prices, their faults, their rules and their findings."""
