"""Tests of what MedCom's standards ask of a receiver."""
