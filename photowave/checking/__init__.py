"""Looks through photos and sounds before anybody trains on them: what cannot serve, and what looks wrong."""

from photowave.checking.check import check_pairs
from photowave.checking.findings import KINDS, Finding
from photowave.checking.report import Report

__all__ = ["KINDS", "Finding", "Report", "check_pairs"]
