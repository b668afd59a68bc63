"""Facts about the version control beside a project, read as plain files and never executed."""
