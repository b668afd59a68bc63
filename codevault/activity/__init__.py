"""From instants of editing to coding sessions."""

from codevault.activity.sessions import GAP_S, Edit, Session, sessions

__all__ = ["GAP_S", "Edit", "Session", "sessions"]
