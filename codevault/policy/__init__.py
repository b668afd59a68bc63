"""Which paths of a project are kept, how, and why."""
