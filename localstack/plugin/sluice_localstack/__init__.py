"""A LocalStack plug-in: what its free edition lacks, without Docker, for Sluice."""

__version__ = "0.1.0"
