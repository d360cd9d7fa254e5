-- The statement of a parse tree.
select json_deserialize_sql($tree)
