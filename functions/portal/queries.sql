-- answer --
-- Touches no table: whoever asks learns that the database answers, and nothing else.
SELECT 1 AS answer
