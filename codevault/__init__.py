"""CodeVault: an incremental archive of projects in which every version is understood as code."""
