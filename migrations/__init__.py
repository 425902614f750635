"""How the database got its shape: numbered versions, applied by the owner's role."""
