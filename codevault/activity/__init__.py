"""From instants of editing to coding sessions."""
