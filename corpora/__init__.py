"""Corpora: generated projects, hand-written samples, the tour and the measurements."""
