"""Ways to find the clusters, all with the same labels."""
