"""Deploys real public repositories and judges from outside what comes of it: `python -m tests.corpus`, apart from the suite."""
