"""A LocalStack plug-in that adds what Sluice needs and the free edition lacks, without Docker."""

__version__ = "0.1.0"
