"""Copies of a vault elsewhere: sent to any place that holds named objects, read from there, encrypted where wanted."""
