-- How complete each year of the panel is.
select
    year(date) as year,
    count(distinct date) as sessions,
    count(distinct ticker) as tickers,
    count(*) as row_count,
    count(*) - count(price) as without_price
from panel
group by year(date)
order by year
