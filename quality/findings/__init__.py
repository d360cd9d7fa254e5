"""What runs find: the findings and everything kept beside them."""
