"""Realistic faults in realistic prices: what is found of them, and how many alarms clean prices raise."""
