"""The pages of those who look after: what was missed, who looked, the cluster, and emergency access."""
