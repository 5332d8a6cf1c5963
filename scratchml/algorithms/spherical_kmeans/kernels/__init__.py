"""The loops of spherical K-means, over dense rows and CSR rows."""
