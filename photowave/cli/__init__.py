"""The command line: each module parses, calls one function and shows what came of it."""
