-- What retrospective rules see beside: days that a check, on the evening itself, cannot know.
--   earlier           the level 81 to 90 sessions before
--   expected_after    the median of the next 7 usable prices, each brought back with the market to today
--   usable_after      how many they are
--   repeat_evidence   how many times likelier tomorrow's move makes a frozen price than a natural repeat
create or replace temp view metrics as
    select * from measured_cells
