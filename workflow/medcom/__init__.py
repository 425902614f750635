"""MedCom's standards: messages between hospital and municipality, read, folded into stays, answered and written."""
