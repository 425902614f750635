"""Door 1: the pages, asked for by browsers and monitoring. Only this package imports flask."""
