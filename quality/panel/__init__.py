"""What a panel is: its columns, key, partitions and contents."""
