-- Why rows of an ingest were refused, and an example of each reason.
select
    reason,
    count(*) as refused,
    count(distinct file) as files,
    min_by(file, (file, line)) as example_file,
    min_by(line, (file, line)) as example_line,
    min_by(content, (file, line)) as example
from refused
group by reason
order by refused desc, reason
