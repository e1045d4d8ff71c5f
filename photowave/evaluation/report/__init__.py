"""Shows what an evaluation found: files, an HTML report, tables for terminal and notebook, plots."""
