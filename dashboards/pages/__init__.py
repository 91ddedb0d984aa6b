"""The pages, one file each; each is what a visit to its address runs."""
