-- Everything that was measured of one cell.
select * from metrics
where date = $day and ticker = $ticker
