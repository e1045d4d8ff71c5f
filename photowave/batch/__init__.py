"""Sounds for many photos: lists, folders and tables in; files or shards out; here or on a cluster.

::

    targets, table --> jobs --> plan (what is there?) --> drawing, or cluster --> files, or shards + index
                                                             `--> failures

Jobs are made as they are needed and let go when their sounds are written: a table may have any length.
"""
