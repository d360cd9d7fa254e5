-- A statement as the engine's own parse tree, in JSON.
select json_serialize_sql($text)
