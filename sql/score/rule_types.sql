-- Which type of fault a rule's finding claims; of the last ones, the direction tells which.
create or replace temp table rule_types as
select *
from (
    values
        ('missing_price', 'missing'),
        ('missing_ticker', 'missing'),
        ('ticker_stopped', 'missing'),
        ('zero_price', 'zero_price'),
        ('negative_price', 'negative_price'),
        ('price_spike', 'price_spike'),
        ('spike_in_hindsight', 'price_spike'),
        ('price_increase', 'price_spike'),
        ('price_drop', 'price_drop'),
        ('drop_in_hindsight', 'price_drop'),
        ('price_decrease', 'price_drop'),
        ('frozen_price', 'duplicate_value'),
        ('frozen_in_hindsight', 'duplicate_value'),
        ('frozen_run', 'duplicate_value'),
        ('unit_error', null),
        ('block_error', null),
        ('spike_reverted', null)
) as known (rule, type)
