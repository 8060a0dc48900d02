"""How fast this machine plays one update, beside its bare matrix products: one file for each job."""
