"""Jobs: durable work in steps, taken by runners from rows of the database (rule jobs-are-rows)."""
